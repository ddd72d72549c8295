"""Everything between a connection that was accepted and the protocol that it speaks: network filters, a file each.

A filter chain ends in a `ConnectionHandler`, which owns its connections from `take` on. The HTTP connection manager is
one, built in `tulle.proxy.http`; the TCP proxy is another, built here. Nothing here knows of sockets that listen, of
filter chains or of how a chain was chosen.
"""
