"""What a proxy has, for people: the configuration dump of an admin interface, as records and as tables.

Knows Envoy's JSON, which both engines and the control plane print; asks nobody, so that a saved dump is as good.
"""
