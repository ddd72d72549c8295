"""Stats of the discovery service clients, under Envoy's names."""

import time
import zlib

from tulle.protos import type_urls
from tulle.proxy.telemetry.stats import Counter, Gauge, Histogram, StatsGroup, StatsStore

# Envoy counts EDS by cluster and RDS by connection manager; here those two have one group each.
_PREFIXES = {
    type_urls.CLUSTER: "cluster_manager.cds.",
    type_urls.LISTENER: "listener_manager.lds.",
    type_urls.ENDPOINT: "cluster_manager.eds.",
    type_urls.ROUTE: "listener_manager.rds.",
    type_urls.SECRET: "secret_manager.sds.",
}


class DiscoveryStats(StatsGroup):
    """One type's subscription."""

    init_fetch_timeout: Counter
    update_attempt: Counter
    update_failure: Counter
    update_rejected: Counter
    update_success: Counter
    update_time: Gauge
    version: Gauge
    update_duration: Histogram

    def accepted(self, version: str) -> None:
        """Counts a response that was taken over."""
        self.update_success.value += 1
        self.update_time.value = int(time.time() * 1000)
        self.version.value = zlib.crc32(version.encode()) if version else 0


class ControlPlaneStats(StatsGroup):
    """The connection to the server."""

    connected_state: Gauge
    pending_requests: Gauge
    rate_limit_enforced: Counter


class UpstreamStats(StatsGroup):
    """What the main process itself does with the cluster of the server."""

    upstream_cx_active: Gauge
    upstream_cx_total: Counter
    upstream_cx_http2_total: Counter
    upstream_cx_connect_fail: Counter
    upstream_rq_active: Gauge
    upstream_rq_total: Counter


class XdsStats:
    """All that an ADS client counts."""

    def __init__(self, store: StatsStore, cluster_name: str) -> None:
        self._by_type = {type_url: DiscoveryStats(store, prefix) for type_url, prefix in _PREFIXES.items()}
        self._control_plane = ControlPlaneStats(store, "control_plane.")
        self._upstream = UpstreamStats(store, f"cluster.{cluster_name.replace(':', '_')}.")

    def of(self, type_url: str) -> DiscoveryStats:
        """The group of a type."""
        return self._by_type[type_url]

    def connected(self) -> None:
        """A stream is open."""
        self._control_plane.connected_state.value = 1
        self._upstream.upstream_cx_active.value = 1
        self._upstream.upstream_cx_total.value += 1
        self._upstream.upstream_cx_http2_total.value += 1
        self._upstream.upstream_rq_active.value = 1
        self._upstream.upstream_rq_total.value += 1

    def disconnected(self) -> None:
        """The stream is gone."""
        self._control_plane.connected_state.value = 0
        self._upstream.upstream_cx_active.value = 0
        self._upstream.upstream_rq_active.value = 0
        self._count_failures()

    def connection_failed(self) -> None:
        """No connection came about."""
        self._upstream.upstream_cx_total.value += 1
        self._upstream.upstream_cx_connect_fail.value += 1
        self._count_failures()

    def _count_failures(self) -> None:
        self._by_type[type_urls.CLUSTER].update_failure.value += 1
        self._by_type[type_urls.LISTENER].update_failure.value += 1
