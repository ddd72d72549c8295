"""HTTP/1.1 and 1.0 (RFC 9112): the connections of clients that we serve, and ours to upstream hosts.

Parsing is llhttp's, by `httptools`; what llhttp lets pass and Envoy refuses is refused here.
"""
