"""Step 1a, gather: resources from their sources, the last good version of each, and what is wrong with the rest.

Knows kinds and files; knows nothing of services, proxies or xDS.
"""
