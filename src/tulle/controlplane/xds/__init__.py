"""Step 4, serve: the two xDS protocols as pure machines, and the gRPC server around them.

The machines know names, versions and nonces; only `ads_server` knows sockets.
"""
