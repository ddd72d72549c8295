"""What the data plane tells of itself: stats under Envoy's names, access logs, response flags.

Every part of the proxy counts through `stats`; the texts that admin prints are made in the main process only.
Nothing here knows of listeners, routes or clusters.
"""
