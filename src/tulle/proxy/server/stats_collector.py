"""The stats of all processes together, also of workers that are gone; intervals for the histograms."""

import resource
import time
from collections.abc import Callable, Mapping
from typing import Any

from tulle.proxy.admin.view import StatsView
from tulle.proxy.server.workers import WorkerPool
from tulle.proxy.telemetry.merge import MergedStats, subtract_bins
from tulle.proxy.telemetry.stats import Counter, Gauge, Histogram, Shape, Snapshot, StatsGroup, StatsStore

# server.state, as Envoy numbers it.
STATES = {"LIVE": 0, "DRAINING": 1, "PRE_INITIALIZING": 2, "INITIALIZING": 3}


class ServerStats(StatsGroup):
    """server.*: the process itself."""

    concurrency: Gauge
    days_until_first_cert_expiring: Gauge
    hot_restart_epoch: Gauge
    live: Gauge
    memory_allocated: Gauge
    memory_heap_size: Gauge
    memory_physical_size: Gauge
    parent_connections: Gauge
    state: Gauge
    total_connections: Gauge
    uptime: Gauge
    version: Gauge
    dropped_stat_flushes: Counter
    dynamic_unknown_fields: Counter
    static_unknown_fields: Counter
    worker_restarts: Counter
    initialization_time_ms: Histogram


class ClusterManagerStats(StatsGroup):
    """cluster_manager.*"""

    active_clusters: Gauge
    warming_clusters: Gauge
    cluster_added: Counter
    cluster_modified: Counter
    cluster_removed: Counter
    cluster_updated: Counter


class ListenerManagerStats(StatsGroup):
    """listener_manager.*"""

    listener_added: Counter
    listener_modified: Counter
    listener_removed: Counter
    listener_stopped: Counter
    listener_create_success: Counter
    listener_create_failure: Counter
    listener_in_place_updated: Counter
    total_listeners_active: Gauge
    total_listeners_draining: Gauge
    total_listeners_warming: Gauge
    workers_started: Gauge


class StatsCollector:
    """Asks the workers and adds what the main process counts."""

    def __init__(self, store: StatsStore, pool: WorkerPool, refresh: Callable[[], None]) -> None:
        self._store = store
        self._pool = pool
        self._refresh = refresh  # brings the gauges of the main process up to date
        self._last: dict[int, Snapshot] = {}
        self._retired = MergedStats()
        self._flushed: Mapping[str, Mapping[int, int]] = {}

    async def collect(self) -> StatsView:
        """All values now."""
        for index, answer in await self._pool.ask("stats"):
            self._last[index] = _snapshot(answer)
        self._refresh()
        merged = MergedStats()
        merged.add(self._store.snapshot())
        for snapshot in self._last.values():
            merged.add(snapshot)
        merged.add_retired(self._retired.as_snapshot())
        intervals = {
            name: recent
            for name, bins in merged.histograms.items()
            if (recent := subtract_bins(bins, self._flushed.get(name, {})))
        }
        return StatsView(merged, intervals)

    async def flush(self) -> None:
        """Ends an interval; what a worker counted until now outlives it."""
        view = await self.collect()
        self._flushed = {name: dict(bins) for name, bins in view.values.histograms.items() if bins}

    def retire(self, index: int) -> None:
        """Keeps the last known counts of a worker that is gone."""
        snapshot = self._last.pop(index, None)
        if snapshot is not None:
            self._retired.add_retired(snapshot)

    async def reset_counters(self) -> None:
        """Counts from zero, here; the workers are told apart from this."""
        self._store.reset_counters()
        self._retired.counters.clear()
        for snapshot in self._last.values():
            snapshot.counters.clear()


def _snapshot(answer: Any) -> Snapshot:
    counters, gauges, histograms, shapes = answer
    return Snapshot(counters, gauges, histograms, [(Shape(*shape), prefixes) for shape, prefixes in shapes])


def memory_bytes() -> dict[str, int]:
    """The main process's memory, in bytes, under the names that Envoy's /memory has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        _, resident, shared, *_ = (int(pages) * resource.getpagesize() for pages in file.read().split())
    return {
        "allocated": resident - shared,
        "heap_size": resident,
        "pageheap_unmapped": 0,
        "pageheap_free": 0,
        "total_thread_cache": 0,
        "total_physical_bytes": resident,
    }


def uptime_s(started: float) -> int:
    """Whole seconds since a moment of the monotonic clock."""
    return int(time.monotonic() - started)
