"""Step 3, translate: pure functions from the push context to Envoy's resources.

Nothing here waits, reads files or remembers.
"""
