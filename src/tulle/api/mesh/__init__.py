"""Settings of the whole mesh.

Fields mirror Istio's MeshConfig, in snake case.
"""
