"""cluster.<name>.*: what is counted of one cluster."""

from tulle.proxy.telemetry.stats import Counter, Gauge, Histogram, Shape, StatsGroup, StatsStore, bin_edge

BREAKER_GAUGES = ("cx_open", "cx_pool_open", "rq_open", "rq_pending_open", "rq_retry_open")
PRIORITY_NAMES = ("default", "high")


class ClusterStats(StatsGroup):
    """The stats that every cluster has in Envoy, whatever it is configured with.

    Those whose names have dots in them (circuit breakers, `default.total_match_count`) are asked of the store; the
    shape lists them all the same.
    """

    assignment_stale: Counter
    assignment_timeout_received: Counter
    assignment_use_cached: Counter
    bind_errors: Counter
    lb_healthy_panic: Counter
    lb_local_cluster_not_ok: Counter
    lb_recalculate_zone_structures: Counter
    lb_subsets_active: Gauge
    lb_subsets_created: Counter
    lb_subsets_fallback: Counter
    lb_subsets_fallback_panic: Counter
    lb_subsets_removed: Counter
    lb_subsets_selected: Counter
    lb_zone_cluster_too_small: Counter
    lb_zone_no_capacity_left: Counter
    lb_zone_routing_all_directly: Counter
    lb_zone_routing_cross_zone: Counter
    lb_zone_routing_sampled: Counter
    max_host_weight: Gauge
    membership_change: Counter
    membership_degraded: Gauge
    membership_excluded: Gauge
    membership_healthy: Gauge
    membership_total: Gauge
    original_dst_host_invalid: Counter
    retry_or_shadow_abandoned: Counter
    update_attempt: Counter
    update_empty: Counter
    update_failure: Counter
    update_no_rebuild: Counter
    update_success: Counter
    upstream_cx_active: Gauge
    upstream_cx_close_notify: Counter
    upstream_cx_connect_attempts_exceeded: Counter
    upstream_cx_connect_fail: Counter
    upstream_cx_connect_ms: Histogram
    upstream_cx_connect_timeout: Counter
    upstream_cx_connect_with_0_rtt: Counter
    upstream_cx_destroy: Counter
    upstream_cx_destroy_local: Counter
    upstream_cx_destroy_local_with_active_rq: Counter
    upstream_cx_destroy_remote: Counter
    upstream_cx_destroy_remote_with_active_rq: Counter
    upstream_cx_destroy_with_active_rq: Counter
    upstream_cx_http1_total: Counter
    upstream_cx_http2_total: Counter
    upstream_cx_http3_total: Counter
    upstream_cx_idle_timeout: Counter
    upstream_cx_length_ms: Histogram
    upstream_cx_max_duration_reached: Counter
    upstream_cx_max_requests: Counter
    upstream_cx_none_healthy: Counter
    upstream_cx_overflow: Counter
    upstream_cx_pool_overflow: Counter
    upstream_cx_preconnect_skipped: Counter
    upstream_cx_protocol_error: Counter
    upstream_cx_rx_bytes_buffered: Gauge
    upstream_cx_rx_bytes_total: Counter
    upstream_cx_total: Counter
    upstream_cx_tx_bytes_buffered: Gauge
    upstream_cx_tx_bytes_total: Counter
    upstream_flow_control_backed_up_total: Counter
    upstream_flow_control_drained_total: Counter
    upstream_flow_control_paused_reading_total: Counter
    upstream_flow_control_resumed_reading_total: Counter
    upstream_http3_broken: Counter
    upstream_internal_redirect_failed_total: Counter
    upstream_internal_redirect_succeeded_total: Counter
    upstream_queue_overloaded: Gauge
    upstream_rq_0rtt: Counter
    upstream_rq_active: Gauge
    upstream_rq_active_overflow: Counter
    upstream_rq_cancelled: Counter
    upstream_rq_completed: Counter
    upstream_rq_maintenance_mode: Counter
    upstream_rq_max_duration_reached: Counter
    upstream_rq_pending_active: Gauge
    upstream_rq_pending_failure_eject: Counter
    upstream_rq_pending_overflow: Counter
    upstream_rq_pending_total: Counter
    upstream_rq_per_cx: Histogram
    upstream_rq_per_try_idle_timeout: Counter
    upstream_rq_per_try_timeout: Counter
    upstream_rq_retry: Counter
    upstream_rq_retry_backoff_exponential: Counter
    upstream_rq_retry_backoff_ratelimited: Counter
    upstream_rq_retry_limit_exceeded: Counter
    upstream_rq_retry_overflow: Counter
    upstream_rq_retry_success: Counter
    upstream_rq_rx_reset: Counter
    upstream_rq_rx_reset_no_error: Counter
    upstream_rq_timeout: Counter
    upstream_rq_total: Counter
    upstream_rq_tx_reset: Counter
    version: Gauge
    warming_state: Gauge

    def __init__(self, store: StatsStore, prefix: str) -> None:
        super().__init__(store, prefix)
        # Filled by `count_response` and `record_response_time`; by status, kind of request and zones.
        self.responses: dict[ResponseKey | int, tuple[Counter, ...]] | None = None
        self.times: dict[TimeKey, tuple[Histogram, ...]] | None = None

    def breaker_gauge(self, priority: int, name: str) -> Gauge:
        """`circuit_breakers.default.rq_open` and its like."""
        return self.store.gauge(f"{self.prefix}circuit_breakers.{PRIORITY_NAMES[priority]}.{name}")

    @property
    def total_match_count(self) -> Counter:
        """How many hosts found their transport socket: all, while there is one kind only."""
        return self.store.counter(self.prefix + "default.total_match_count")


ClusterStats.SHAPE = Shape(
    (*ClusterStats.SHAPE.counters, "default.total_match_count"),
    (
        *ClusterStats.SHAPE.gauges,
        *(f"circuit_breakers.{priority}.{name}" for priority in PRIORITY_NAMES for name in BREAKER_GAUGES),
    ),
    ClusterStats.SHAPE.histograms,
)


class EdsStats(StatsGroup):
    """What a cluster whose endpoints come by EDS has beside the rest."""

    init_fetch_timeout: Counter
    update_rejected: Counter
    update_time: Gauge
    update_duration: Histogram


# An internal request is one with `x-envoy-internal: true`; `zones` is "from.to", empty when one of them is not known.
ResponseKey = tuple[int, bool, bool, str]  # status, internal, canary, zones
TimeKey = tuple[bool, bool, str]  # internal, canary, zones


def count_response(
    stats: ClusterStats, status: int, internal: bool = False, canary: bool = False, zones: str = ""
) -> None:
    """Counts a response of the cluster, or the one that is sent in its place (Envoy: CodeStatsImpl)."""
    responses = stats.responses
    if responses is None:
        responses = stats.responses = {}
    # Most responses are of one kind, for which the status alone is a cheaper key.
    key: ResponseKey | int = (status, internal, canary, zones) if internal or canary or zones else status
    counters = responses.get(key)
    if counters is None:
        counters = responses[key] = _counters_of(stats, (status, internal, canary, zones))
    for counter in counters:
        counter.value += 1


def record_response_time(
    stats: ClusterStats, time_ms: float, internal: bool = False, canary: bool = False, zones: str = ""
) -> None:
    """Notes how long a response took, from the request's last byte to the response's last."""
    times = stats.times
    if times is None:
        times = stats.times = {}
    key = (internal, canary, zones)
    histograms = times.get(key)
    if histograms is None:
        prefixes = [stats.prefix + part for part in _parts_of(internal, canary, zones)]
        histograms = times[key] = tuple(stats.store.histogram(prefix + "upstream_rq_time") for prefix in prefixes)
    edge = int(time_ms)
    if edge > 99:
        edge = bin_edge(edge)
    for histogram in histograms:
        bins = histogram.bins
        bins[edge] = bins.get(edge, 0) + 1


def _counters_of(stats: ClusterStats, key: ResponseKey) -> tuple[Counter, ...]:
    status, internal, canary, zones = key
    names = ["upstream_rq_completed"]
    if 100 <= status < 600:
        names.append(f"upstream_rq_{status // 100}xx")
    names.append(f"upstream_rq_{status}")
    parts = _parts_of(internal, canary, zones)
    return tuple(stats.store.counter(stats.prefix + part + name) for part in parts for name in names)


def _parts_of(internal: bool, canary: bool, zones: str) -> list[str]:
    parts = ["", "internal." if internal else "external."]
    if canary:
        parts.append("canary.")
    if zones:
        parts.append(f"zone.{zones}.")
    return parts
