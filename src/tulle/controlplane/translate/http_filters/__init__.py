"""The HTTP filters that proxies get, a file each: what stands in every connection manager, and what routes say to it.

`order.py` holds THE ORDER. The files know protos and resources; they are called by `listeners` and `routes`, and
know neither of them.
"""
