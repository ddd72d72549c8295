"""The data plane: a proxy that takes Envoy's bootstrap and xDS, and carries the traffic.

One main process for configuration and admin, N workers for connections. It never imports the control plane.
"""
