"""The fields of route messages that the proxy honours; all others are rejected."""

_ROUTE = "envoy.config.route.v3."
_CORE = "envoy.config.core.v3."
_MATCHER = "envoy.type.matcher.v3."

_HEADER_LISTS = frozenset(
    {
        "request_headers_to_add",
        "request_headers_to_remove",
        "response_headers_to_add",
        "response_headers_to_remove",
        "typed_per_filter_config",
    }
)

SUPPORTED: dict[str, frozenset[str]] = {
    _ROUTE + "RouteConfiguration": _HEADER_LISTS
    | {
        "name",
        "virtual_hosts",
        "most_specific_header_mutations_wins",
        "validate_clusters",
        "max_direct_response_body_size_bytes",
        "ignore_port_in_host_matching",
        "ignore_path_parameters_in_path_matching",
        "internal_only_headers",
        "metadata",
    },
    _ROUTE + "VirtualHost": _HEADER_LISTS
    | {
        "name",
        "domains",
        "routes",
        "require_tls",
        "virtual_clusters",
        "include_attempt_count_in_response",
        "include_request_attempt_count",
        "retry_policy",
        "metadata",
    },
    _ROUTE + "VirtualCluster": frozenset({"headers", "name"}),
    _ROUTE + "Route": _HEADER_LISTS
    | {
        "name",
        "match",
        "route",
        "redirect",
        "direct_response",
        "non_forwarding_action",
        "metadata",
        "decorator",
        "stat_prefix",
    },
    # Without a tracer a decorator changes nothing.
    _ROUTE + "Decorator": frozenset({"operation", "propagate"}),
    _ROUTE + "NonForwardingAction": frozenset(),
    _ROUTE + "RouteMatch": frozenset(
        {
            "prefix",
            "path",
            "safe_regex",
            "connect_matcher",
            "path_separated_prefix",
            "path_match_policy",
            "case_sensitive",
            "runtime_fraction",
            "headers",
            "query_parameters",
            "cookies",
            "grpc",
        }
    ),
    _ROUTE + "RouteMatch.ConnectMatcher": frozenset(),
    _ROUTE + "RouteMatch.GrpcRouteMatchOptions": frozenset(),
    _ROUTE + "HeaderMatcher": frozenset(
        {
            "name",
            "exact_match",
            "safe_regex_match",
            "range_match",
            "present_match",
            "prefix_match",
            "suffix_match",
            "contains_match",
            "string_match",
            "invert_match",
            "treat_missing_header_as_empty",
        }
    ),
    _ROUTE + "QueryParameterMatcher": frozenset({"name", "string_match", "present_match"}),
    _ROUTE + "CookieMatcher": frozenset({"name", "string_match", "invert_match"}),
    _ROUTE + "RouteAction": frozenset(
        {
            "cluster",
            "cluster_header",
            "weighted_clusters",
            "cluster_not_found_response_code",
            "metadata_match",
            "prefix_rewrite",
            "regex_rewrite",
            "path_rewrite",
            "path_rewrite_policy",
            "host_rewrite_literal",
            "auto_host_rewrite",
            "host_rewrite_header",
            "host_rewrite_path_regex",
            "host_rewrite",
            "append_x_forwarded_host",
            "timeout",
            "idle_timeout",
            "max_stream_duration",
            "retry_policy",
            "priority",
            "hash_policy",
            "upgrade_configs",
        }
    ),
    _ROUTE + "RouteAction.MaxStreamDuration": frozenset({"max_stream_duration"}),
    _ROUTE + "RouteAction.UpgradeConfig": frozenset({"upgrade_type", "enabled"}),
    _ROUTE + "RouteAction.HashPolicy": frozenset(
        {"header", "cookie", "connection_properties", "query_parameter", "terminal"}
    ),
    _ROUTE + "RouteAction.HashPolicy.Header": frozenset({"header_name", "regex_rewrite"}),
    _ROUTE + "RouteAction.HashPolicy.Cookie": frozenset({"name", "ttl", "path", "attributes"}),
    _ROUTE + "RouteAction.HashPolicy.CookieAttribute": frozenset({"name", "value"}),
    _ROUTE + "RouteAction.HashPolicy.ConnectionProperties": frozenset({"source_ip"}),
    _ROUTE + "RouteAction.HashPolicy.QueryParameter": frozenset({"name"}),
    # Envoy reads neither total_weight, which the sum of the weights replaced, nor a runtime that no layer fills.
    _ROUTE + "WeightedCluster": frozenset({"clusters", "total_weight", "runtime_key_prefix", "header_name"}),
    _ROUTE + "WeightedCluster.ClusterWeight": _HEADER_LISTS
    | {"name", "cluster_header", "weight", "metadata_match", "host_rewrite_literal"},
    _ROUTE + "RetryPolicy": frozenset(
        {"retry_on", "num_retries", "per_try_timeout", "retriable_status_codes", "retry_back_off"}
    ),
    _ROUTE + "RetryPolicy.RetryBackOff": frozenset({"base_interval", "max_interval"}),
    _ROUTE + "RedirectAction": frozenset(
        {
            "https_redirect",
            "scheme_redirect",
            "host_redirect",
            "port_redirect",
            "path_redirect",
            "prefix_rewrite",
            "regex_rewrite",
            "path_rewrite",
            "response_code",
            "strip_query",
        }
    ),
    _ROUTE + "DirectResponseAction": frozenset({"status", "body"}),
    _ROUTE + "FilterConfig": frozenset({"config", "is_optional", "disabled"}),
    _CORE + "DataSource": frozenset({"filename", "inline_bytes", "inline_string", "environment_variable"}),
    _CORE + "HeaderValue": frozenset({"key", "value"}),
    _CORE + "HeaderValueOption": frozenset({"header", "append", "append_action", "keep_empty_value"}),
    _CORE + "Metadata": frozenset({"filter_metadata", "typed_filter_metadata"}),
    # Only the default counts, as it does in Envoy where no layer of the runtime sets the key.
    _CORE + "RuntimeFractionalPercent": frozenset({"default_value", "runtime_key"}),
    _CORE + "TypedExtensionConfig": frozenset({"name", "typed_config"}),
    "envoy.type.v3.FractionalPercent": frozenset({"numerator", "denominator"}),
    "envoy.type.v3.Int64Range": frozenset({"start", "end"}),
    _MATCHER + "RegexMatcher": frozenset({"google_re2", "regex"}),
    _MATCHER + "RegexMatcher.GoogleRE2": frozenset({"max_program_size"}),
    _MATCHER + "RegexMatchAndSubstitute": frozenset({"pattern", "substitution"}),
    _MATCHER + "StringMatcher": frozenset({"exact", "prefix", "suffix", "safe_regex", "contains", "ignore_case"}),
    "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig": frozenset({"path_template"}),
    "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig": frozenset({"path_template_rewrite"}),
}
