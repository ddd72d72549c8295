"""Istio's networking group: how traffic is routed, where it enters, and what else is a service.

Fields mirror Istio's, in snake case; a path in an error is written in camel case, as the user writes it.
"""
