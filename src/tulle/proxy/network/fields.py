"""The fields of network filters' messages that the proxy honours; all others are rejected."""

_TCP_PROXY = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"

SUPPORTED: dict[str, frozenset[str]] = {
    _TCP_PROXY: frozenset(
        {
            "stat_prefix",
            "cluster",
            "weighted_clusters",
            "idle_timeout",
            "access_log",
            "max_connect_attempts",
            "hash_policy",
            "max_downstream_connection_duration",
            "max_downstream_connection_duration_jitter_percentage",
        }
    ),
    f"{_TCP_PROXY}.WeightedCluster": frozenset({"clusters"}),
    f"{_TCP_PROXY}.WeightedCluster.ClusterWeight": frozenset({"name", "weight"}),
    "envoy.extensions.filters.network.echo.v3.Echo": frozenset(),
    "envoy.extensions.filters.network.sni_cluster.v3.SniCluster": frozenset(),
    "envoy.extensions.filters.network.direct_response.v3.Config": frozenset({"response"}),
    "envoy.config.core.v3.DataSource": frozenset({"inline_string", "inline_bytes"}),
    "envoy.type.v3.HashPolicy": frozenset({"source_ip"}),
    "envoy.type.v3.HashPolicy.SourceIp": frozenset(),
    "envoy.type.v3.Percent": frozenset({"value"}),
}
