"""What a user writes: a folder per API group, a file per kind, and `kinds`, the list of them.

Structs, their documentation and their validation; nothing here knows who reads them.
"""
