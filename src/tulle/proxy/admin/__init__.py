"""The operator's door: Envoy's admin endpoints, over a small HTTP/1.1 server of its own in the main process.

Pages read the proxy through `view` and nothing else; what changes something is reached by POST only.
"""
