"""What HTTP filters use of the worker around them when they are built."""

from typing import NamedTuple

from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.telemetry.stats import StatsStore


class FilterServices(NamedTuple):
    """The same for all filters; `workers` is how many processes serve side by side and share nothing."""

    runtime: HttpRuntime
    stats: StatsStore
    node_cluster: bytes = b""
    workers: int = 1
