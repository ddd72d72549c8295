"""What the registries read of Kubernetes' own kinds.

Only the fields that a registry reads stand here; all others are left alone, since they are not Tulle's.
"""
