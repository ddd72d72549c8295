"""The stats of TCP proxies."""

from tulle.proxy.telemetry.stats import Counter, Gauge, StatsGroup


class TcpStats(StatsGroup):
    """`tcp.<stat_prefix>.`"""

    downstream_cx_total: Counter
    downstream_cx_no_route: Counter
    downstream_cx_drain_close: Counter
    downstream_cx_overload_close: Counter
    downstream_cx_rx_bytes_total: Counter
    downstream_cx_rx_bytes_buffered: Gauge
    downstream_cx_tx_bytes_total: Counter
    downstream_cx_tx_bytes_buffered: Gauge
    downstream_flow_control_paused_reading_total: Counter
    downstream_flow_control_resumed_reading_total: Counter
    early_data_received_count_total: Counter
    idle_timeout: Counter
    max_downstream_connection_duration: Counter
    route_delayed_total: Counter
    upstream_flush_active: Gauge
    upstream_flush_total: Counter
