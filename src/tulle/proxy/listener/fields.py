"""The fields of listeners' messages that the proxy honours; all others are rejected."""

_LISTENER = "envoy.config.listener.v3."
_CORE = "envoy.config.core.v3."
_FILTERS = "envoy.extensions.filters.listener."

SUPPORTED: dict[str, frozenset[str]] = {
    f"{_LISTENER}Listener": frozenset(
        {
            "name",
            "address",
            "additional_addresses",
            "stat_prefix",
            "filter_chains",
            "use_original_dst",
            "default_filter_chain",
            "per_connection_buffer_limit_bytes",
            "metadata",
            "drain_type",  # only DEFAULT
            "listener_filters",
            "listener_filters_timeout",
            "continue_on_listener_filters_timeout",
            "transparent",
            "freebind",
            "traffic_direction",
            "enable_reuse_port",
            "bind_to_port",
            "tcp_backlog_size",
            "socket_options",
            "tcp_keepalive",
            "tcp_fast_open_queue_length",
            # There is no such limit and no overload manager, so nothing has to be ignored.
            "ignore_global_conn_limit",
            "bypass_overload_manager",
        }
    ),
    f"{_LISTENER}AdditionalAddress": frozenset({"address", "socket_options", "tcp_keepalive"}),
    f"{_CORE}SocketOption": frozenset({"description", "level", "name", "int_value", "buf_value", "state"}),
    f"{_CORE}SocketOptionsOverride": frozenset({"socket_options"}),
    f"{_CORE}TcpKeepalive": frozenset({"keepalive_probes", "keepalive_time", "keepalive_interval"}),
    f"{_LISTENER}FilterChain": frozenset(
        {
            "filter_chain_match",
            "filters",
            "metadata",
            "name",
            "transport_socket",
            "transport_socket_connect_timeout",
        }
    ),
    f"{_LISTENER}FilterChainMatch": frozenset(
        {
            "destination_port",
            "prefix_ranges",
            "server_names",
            "transport_protocol",
            "application_protocols",
            "direct_source_prefix_ranges",
            "source_type",
            "source_prefix_ranges",
            "source_ports",
        }
    ),
    f"{_LISTENER}Filter": frozenset({"name", "typed_config"}),
    f"{_LISTENER}ListenerFilter": frozenset({"name", "typed_config", "filter_disabled"}),
    f"{_LISTENER}ListenerFilterChainMatchPredicate": frozenset(
        {"or_match", "and_match", "not_match", "any_match", "destination_port_range"}
    ),
    f"{_LISTENER}ListenerFilterChainMatchPredicate.MatchSet": frozenset({"rules"}),
    "envoy.type.v3.Int32Range": frozenset({"start", "end"}),
    f"{_CORE}Address": frozenset({"socket_address", "pipe"}),
    f"{_CORE}SocketAddress": frozenset({"protocol", "address", "port_value", "ipv4_compat"}),
    f"{_CORE}Pipe": frozenset({"path"}),
    f"{_CORE}CidrRange": frozenset({"address_prefix", "prefix_len"}),
    f"{_FILTERS}original_dst.v3.OriginalDst": frozenset(),
    f"{_FILTERS}http_inspector.v3.HttpInspector": frozenset(),
    f"{_FILTERS}tls_inspector.v3.TlsInspector": frozenset(
        {
            "enable_ja3_fingerprinting",  # only false
            "enable_ja4_fingerprinting",  # only false
            "initial_read_buffer_size",  # changes nothing that a peer could see
            "close_connection_on_client_hello_parsing_errors",
            "max_client_hello_size",
        }
    ),
    f"{_FILTERS}proxy_protocol.v3.ProxyProtocol": frozenset(
        {"allow_requests_without_proxy_protocol", "disallowed_versions", "stat_prefix"}
    ),
    f"{_CORE}Metadata": frozenset({"filter_metadata"}),
}
