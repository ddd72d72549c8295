"""Load balancing: which host of a cluster a request goes to.

A policy is a value that says how; it builds a picker for a list of hosts, and the balancer asks the picker of the
priority and locality that the request falls to. Pickers hold no host that is not in the list they were built for.
A new policy is one file here and one line in `policies.py`.
"""
