"""Ground that knows nothing of meshes: errors, components, clock, logs, back-off, YAML with positions.

Everybody may import from here; nothing here imports from Tulle.
"""
