"""The stats of listeners."""

from tulle.proxy.telemetry.stats import Counter, Gauge, Histogram, StatsGroup


class ListenerStats(StatsGroup):
    """`listener.<address>.`"""

    connections_accepted_per_socket_event: Histogram
    downstream_cx_active: Gauge
    downstream_cx_destroy: Counter
    downstream_cx_length_ms: Histogram
    downstream_cx_overflow: Counter
    downstream_cx_overload_reject: Counter
    downstream_cx_total: Counter
    downstream_cx_transport_socket_connect_timeout: Counter
    downstream_global_cx_overflow: Counter
    downstream_listener_filter_error: Counter
    downstream_listener_filter_remote_close: Counter
    downstream_pre_cx_active: Gauge
    downstream_pre_cx_timeout: Counter
    extension_config_missing: Counter
    network_extension_config_missing: Counter
    no_filter_chain_match: Counter


class WorkerListenerStats(StatsGroup):
    """`listener.<address>.worker_<index>.`"""

    downstream_cx_active: Gauge
    downstream_cx_total: Counter
