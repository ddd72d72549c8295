"""Indexes of the push context, one concern a file: made once for each context, asked for each proxy.

They answer what a scan would answer, in the same order; nothing here knows proxies or xDS.
"""
