"""The commands, a file each; `tulle.cli.main` lists them and imports one only when it is called.

A command parses its options, calls a plane, and prints by `tulle.cli.output`.
"""
