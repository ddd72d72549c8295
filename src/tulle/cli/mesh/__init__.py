"""A mesh on this machine: a control plane and proxies as child processes, for `run`, `up` and `demo`.

Speaks to both planes only by their commands and their HTTP, as any user could.
"""
