"""Istio's security group: who may speak to whom, and how connections prove it.

Fields mirror Istio's, in snake case; a path in an error is written in camel case, as the user writes it.
"""
