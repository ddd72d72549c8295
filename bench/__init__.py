"""What the proxy costs, beside Envoy, nginx and HAProxy: `python -m bench`.

A benchmark reports ratios against peers of one run, never absolute limits, and is no part of the tests. It starts the
products as a user would, looks at them from outside, and may import from `tulle` only what names a command line.
Configurations and load scripts stand as files beside the code: `configs/`, `load/`.
"""
