"""HTTP/2 (RFC 9113): the connections of clients that we serve, and ours to upstream hosts.

Framing, HPACK and flow control are nghttp2's, by `ngh2`; what it received is acknowledged only as it is passed on.
"""
