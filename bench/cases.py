"""THE LIST of cases, and what is wanted of them (issue 2)."""

from bench.load.generators import Load

CASES: dict[str, Load] = {
    "h1": Load("h1", twelve_headers=True),
    "h2": Load("h2", connections=8, streams=16),
    "tcp": Load("tcp"),
    "h2_wide": Load("h2", connections=64),
    "h1_bulk": Load("h1", path="/1m", connections=8),
    "h2_bulk": Load("h2", path="/1m", connections=4, streams=2),
    "tcp_bulk": Load("tcp", path="/1m", connections=8),
}
DEFAULT_CASES = ("h1", "h2", "tcp")

# The greatest ratio to Envoy that is wanted.
WANTED = {"h1": 0.70, "h2": 0.50, "tcp": 0.95, "clusters_1000": 0.80}
WANTED_LIVE_S = 1.0
