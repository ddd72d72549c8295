"""Envoy's API as protobuf messages, from one descriptor set in a private pool.

Everybody may import from here; nothing here knows what a message is used for.
`messages` names the classes, `pool` finds any other by its full name, `validate` and `reading` check them.
"""
