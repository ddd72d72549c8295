"""Step 2, snapshot: one frozen context with all that translators read, and when to make the next.

Answers questions about the mesh; knows nothing of Envoy's messages.
"""
