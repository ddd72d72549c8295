"""The engines that every integration test of a mesh runs with."""

ENGINES = ("envoy", "tulle")
