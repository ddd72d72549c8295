"""Listener filters, a file each: they look at a connection before its filter chain is chosen.

A filter's `inspect` is a pure function of the bytes that have come so far; it fills in the `ConnectionInfo`. It never
writes, and it never sees a byte that a filter before it has consumed.
"""
