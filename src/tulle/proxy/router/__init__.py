"""From a request's headers to what shall become of it: virtual hosts, routes, actions, header mutation.

Everything is built once from a RouteConfiguration and read without change by the hot path; connection managers match
with it, the router filter acts on what it returns. Nothing here opens a socket, reads a clock or knows the hosts of a
cluster.
"""
