"""`tulle up`: from a `tulle.yaml` to running applications with their sidecars, and the echo of each change.

Knows the file and what to start; the processes themselves are `tulle.cli.mesh`'s.
"""
