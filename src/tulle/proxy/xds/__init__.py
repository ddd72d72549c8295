"""Configuration from an xDS server: pure machines for the protocol and for warming, and one gRPC stream for the bytes.

`sotw` and `delta` decide what to ask and answer, `warming` what comes into force and when, `receiver` what is good;
`ads_client` joins them to a connection. Nothing here knows worker processes or runtime objects.
"""
