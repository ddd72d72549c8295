"""TLS of both sides: from contexts in messages to connections that look like plain ones to what stands on them.

Listeners and clusters use it. It knows telemetry and nothing above; it opens no sockets, but wraps transports that
others opened. What OpenSSL cannot do through Python's `ssl` is rejected by its field path, never left out.
"""
