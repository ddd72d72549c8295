"""The main process: staged start, supervision of the workers, configuration in, snapshots out, admin, drain, end.

It carries no traffic. It knows workers as processes behind a channel, never their runtime objects.
"""
