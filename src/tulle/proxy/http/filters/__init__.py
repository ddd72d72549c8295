"""HTTP filters, a file each; `router` is the last of every chain.

A filter is made once per chain and shared by all streams; what it must remember of one lives on that stream.
"""
