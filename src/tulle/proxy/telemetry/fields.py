"""The fields of access-log messages that the proxy honours; all others are rejected."""

SUPPORTED: dict[str, frozenset[str]] = {
    "envoy.config.accesslog.v3.AccessLog": frozenset({"name", "filter", "typed_config"}),
    "envoy.config.accesslog.v3.AccessLogFilter": frozenset(
        {
            "header_filter",
            "not_health_check_filter",
            "status_code_filter",
            "duration_filter",
            "response_flag_filter",
            "and_filter",
            "or_filter",
        }
    ),
    "envoy.config.accesslog.v3.HeaderFilter": frozenset({"header"}),
    "envoy.config.accesslog.v3.NotHealthCheckFilter": frozenset(),
    "envoy.config.accesslog.v3.StatusCodeFilter": frozenset({"comparison"}),
    "envoy.config.accesslog.v3.DurationFilter": frozenset({"comparison"}),
    "envoy.config.accesslog.v3.ComparisonFilter": frozenset({"op", "value"}),
    "envoy.config.accesslog.v3.ResponseFlagFilter": frozenset({"flags"}),
    "envoy.config.accesslog.v3.AndFilter": frozenset({"filters"}),
    "envoy.config.accesslog.v3.OrFilter": frozenset({"filters"}),
    # A runtime value: only the default counts, as it does in Envoy where no layer overrides the key.
    "envoy.config.core.v3.RuntimeUInt32": frozenset({"default_value", "runtime_key"}),
    "envoy.config.core.v3.SubstitutionFormatString": frozenset(
        {"text_format", "text_format_source", "json_format", "omit_empty_values", "content_type"}
    ),
    "envoy.config.core.v3.DataSource": frozenset({"inline_string"}),
    "envoy.extensions.access_loggers.file.v3.FileAccessLog": frozenset(
        {"path", "format", "json_format", "typed_json_format", "log_format"}
    ),
    "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog": frozenset({"log_format"}),
    "envoy.extensions.access_loggers.stream.v3.StderrAccessLog": frozenset({"log_format"}),
}
