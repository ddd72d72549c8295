"""Clusters, their hosts, and how a request finds one of them.

All of it belongs to one worker. Nothing here knows of routes, listeners or downstream connections; what the choice of
a host may depend on comes in a `PickContext`. Names are never resolved here: the main process does that and sends
addresses. Pools hang on hosts, so a host that stays keeps its object.
"""
