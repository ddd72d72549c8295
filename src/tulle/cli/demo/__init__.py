"""The demo mesh: five small services, their lessons as data files, a load generator, and a page.

`tulle.cli.commands.demo` starts it; nothing else depends on it.
"""
