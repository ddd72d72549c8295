"""Tulle: a service mesh in Python, a control plane and a data plane joined by Envoy's xDS v3."""
