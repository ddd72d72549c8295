"""The fields of clusters and endpoints that the proxy honours; all others are rejected."""

from tulle.proxy.tls.fields import SUPPORTED as TLS_FIELDS

SUPPORTED: dict[str, frozenset[str]] = {
    **TLS_FIELDS,
    "envoy.config.cluster.v3.Cluster": frozenset(
        {
            "name",
            "alt_stat_name",
            "type",
            "eds_cluster_config",
            "connect_timeout",
            "per_connection_buffer_limit_bytes",
            "lb_policy",
            "load_balancing_policy",
            "load_assignment",
            "max_requests_per_connection",
            "circuit_breakers",
            "common_http_protocol_options",
            "http_protocol_options",
            "http2_protocol_options",
            "protocol_selection",
            "typed_extension_protocol_options",
            "dns_refresh_rate",
            "dns_failure_refresh_rate",
            "dns_jitter",
            "dns_lookup_family",
            "respect_dns_ttl",
            "cleanup_interval",
            "least_request_lb_config",
            "round_robin_lb_config",
            "ring_hash_lb_config",
            "maglev_lb_config",
            "original_dst_lb_config",
            "common_lb_config",
            "metadata",
            "transport_socket",
            "transport_socket_matches",
        }
    ),
    "envoy.config.cluster.v3.Cluster.TransportSocketMatch": frozenset({"name", "match", "transport_socket"}),
    "envoy.config.cluster.v3.Cluster.EdsClusterConfig": frozenset({"eds_config", "service_name"}),
    "envoy.config.cluster.v3.Cluster.RefreshRate": frozenset({"base_interval", "max_interval"}),
    "envoy.config.cluster.v3.Cluster.LeastRequestLbConfig": frozenset({"choice_count", "active_request_bias"}),
    "envoy.config.cluster.v3.Cluster.RoundRobinLbConfig": frozenset(),
    "envoy.config.cluster.v3.Cluster.OriginalDstLbConfig": frozenset({"upstream_port_override"}),
    "envoy.config.cluster.v3.Cluster.CommonLbConfig": frozenset(
        {
            "healthy_panic_threshold",
            "zone_aware_lb_config",
            "locality_weighted_lb_config",
            "consistent_hashing_lb_config",
        }
    ),
    "envoy.config.cluster.v3.Cluster.CommonLbConfig.ConsistentHashingLbConfig": frozenset(
        {"use_hostname_for_hashing", "hash_balance_factor"}
    ),
    "envoy.config.cluster.v3.Cluster.RingHashLbConfig": frozenset(
        {"minimum_ring_size", "maximum_ring_size", "hash_function"}
    ),
    "envoy.config.cluster.v3.Cluster.MaglevLbConfig": frozenset({"table_size"}),
    # Without a local cluster in the bootstrap Envoy never routes by zone, whatever these say.
    "envoy.config.cluster.v3.Cluster.CommonLbConfig.ZoneAwareLbConfig": frozenset(
        {"routing_enabled", "min_cluster_size", "fail_traffic_on_panic"}
    ),
    "envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig": frozenset(),
    "envoy.config.cluster.v3.CircuitBreakers": frozenset({"thresholds"}),
    "envoy.config.cluster.v3.CircuitBreakers.Thresholds": frozenset(
        {"priority", "max_connections", "max_pending_requests", "max_requests", "max_retries", "track_remaining"}
    ),
    "envoy.config.cluster.v3.LoadBalancingPolicy": frozenset({"policies"}),
    "envoy.config.cluster.v3.LoadBalancingPolicy.Policy": frozenset({"typed_extension_config"}),
    "envoy.config.core.v3.TypedExtensionConfig": frozenset({"name", "typed_config"}),
    "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin": frozenset({"locality_lb_config"}),
    "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest": frozenset(
        {"choice_count", "active_request_bias", "locality_lb_config", "enable_full_scan", "selection_method"}
    ),
    "envoy.extensions.load_balancing_policies.random.v3.Random": frozenset({"locality_lb_config"}),
    "envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash": frozenset(
        {
            "hash_function",
            "minimum_ring_size",
            "maximum_ring_size",
            "use_hostname_for_hashing",
            "hash_balance_factor",
            "consistent_hashing_lb_config",
            "locality_weighted_lb_config",
        }
    ),
    "envoy.extensions.load_balancing_policies.maglev.v3.Maglev": frozenset(
        {"table_size", "consistent_hashing_lb_config", "locality_weighted_lb_config"}
    ),
    "envoy.extensions.load_balancing_policies.common.v3.ConsistentHashingLbConfig": frozenset(
        {"use_hostname_for_hashing", "hash_balance_factor"}
    ),
    "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig": frozenset(
        {"zone_aware_lb_config", "locality_weighted_lb_config"}
    ),
    "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig": frozenset(
        {"routing_enabled", "min_cluster_size", "fail_traffic_on_panic"}
    ),
    "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.LocalityWeightedLbConfig": frozenset(),
    # A runtime value: only the default counts, as it does in Envoy where no layer overrides the key.
    "envoy.config.core.v3.RuntimeDouble": frozenset({"default_value", "runtime_key"}),
    "envoy.type.v3.Percent": frozenset({"value"}),
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": frozenset(
        {"common_http_protocol_options", "explicit_http_config", "use_downstream_protocol_config"}
    ),
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig": frozenset(
        {"http_protocol_options", "http2_protocol_options"}
    ),
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig": frozenset(
        {"http_protocol_options", "http2_protocol_options"}
    ),
    "envoy.config.core.v3.HttpProtocolOptions": frozenset(
        {"idle_timeout", "max_requests_per_connection", "max_connection_duration"}
    ),
    "envoy.config.core.v3.Http1ProtocolOptions": frozenset(),
    "envoy.config.core.v3.Http2ProtocolOptions": frozenset(
        {
            "hpack_table_size",
            "max_concurrent_streams",
            "initial_stream_window_size",
            "initial_connection_window_size",
        }
    ),
    "envoy.config.endpoint.v3.ClusterLoadAssignment": frozenset({"cluster_name", "endpoints", "policy"}),
    "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy": frozenset(
        {"overprovisioning_factor", "weighted_priority_health"}
    ),
    "envoy.config.endpoint.v3.LocalityLbEndpoints": frozenset(
        {"locality", "lb_endpoints", "load_balancing_weight", "priority"}
    ),
    "envoy.config.endpoint.v3.LbEndpoint": frozenset(
        {"endpoint", "health_status", "metadata", "load_balancing_weight"}
    ),
    "envoy.config.endpoint.v3.Endpoint": frozenset({"address", "hostname"}),
    "envoy.config.core.v3.Address": frozenset({"socket_address", "pipe"}),
    "envoy.config.core.v3.SocketAddress": frozenset({"protocol", "address", "port_value"}),
    "envoy.config.core.v3.Pipe": frozenset({"path"}),
    "envoy.config.core.v3.Locality": frozenset({"region", "zone", "sub_zone"}),
    "envoy.config.core.v3.Metadata": frozenset({"filter_metadata"}),
}
