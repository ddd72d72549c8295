"""The control plane: gathers resources and services, compiles them to xDS, and serves it to proxies.

The way is one-directional: config, registry, push, translate, xds. It never imports the proxy.
"""
