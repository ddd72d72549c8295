"""Step 1b, gather: services and their endpoints, whatever they were written as.

Reads the state of the configuration and yields values of the model; knows nothing of proxies.
"""
