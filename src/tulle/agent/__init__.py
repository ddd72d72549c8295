"""What stands beside a workload: its description, its registration, its proxy's bootstrap, and supervision.

Knows processes and files, not planes: a proxy is a command line, the control plane an address.
"""
