"""HTTP on both sides: codecs, the connection manager with its streams and filters, and the router that sends upstream.

`h1` and `h2` turn bytes into calls on a stream and back; `stream` carries one request through the filters; `filters`
holds them, the router last. Nothing here knows listeners or sockets: a connection manager takes a transport.
"""
