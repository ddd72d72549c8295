"""The control plane's admin interface: /ready, /metrics and /debug.

Reads what the other parts know through one small Protocol; changes nothing.
"""
