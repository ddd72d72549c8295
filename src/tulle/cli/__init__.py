"""The `tulle` command: `main` is the list of commands, `commands` a file each.

Commands compose the planes and print; what they know is how to say it.
"""
