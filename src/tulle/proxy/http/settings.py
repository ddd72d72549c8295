"""What a connection manager is told to do: its proto, read once into plain values."""

from ipaddress import ip_address, ip_network
from typing import Any

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Duration, HttpConnectionManager

_HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

SUPPORTED: dict[str, frozenset[str]] = {
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": frozenset(
        {
            "codec_type",
            "stat_prefix",
            "rds",
            "route_config",
            "http_filters",
            "use_remote_address",
            "xff_num_trusted_hops",
            "skip_xff_append",
            "append_x_forwarded_port",
            "upgrade_configs",
            "internal_address_config",
            "add_user_agent",
            "scheme_header_transformation",
            "local_reply_config",
            "generate_request_id",
            "preserve_external_request_id",
            "always_set_request_id_in_response",
            "server_name",
            "server_header_transformation",
            "via",
            "access_log",
            "common_http_protocol_options",
            "http_protocol_options",
            "http2_protocol_options",
            "request_timeout",
            "request_headers_timeout",
            "stream_idle_timeout",
            "drain_timeout",
            "delayed_close_timeout",
            "max_request_headers_kb",
            "normalize_path",
            "merge_slashes",
            "path_with_escaped_slashes_action",
            "strip_any_host_port",
            "strip_matching_host_port",
            "strip_trailing_host_dot",
            "proxy_100_continue",
        }
    ),
    f"{_HCM}.UpgradeConfig": frozenset({"upgrade_type", "enabled"}),
    f"{_HCM}.InternalAddressConfig": frozenset({"unix_sockets", "cidr_ranges"}),
    "envoy.extensions.filters.network.http_connection_manager.v3.LocalReplyConfig": frozenset(
        {"mappers", "body_format"}
    ),
    "envoy.extensions.filters.network.http_connection_manager.v3.ResponseMapper": frozenset(
        {"filter", "status_code", "body", "body_format_override"}
    ),
    "envoy.config.core.v3.SchemeHeaderTransformation": frozenset({"scheme_to_overwrite"}),
    "envoy.extensions.filters.network.http_connection_manager.v3.Rds": frozenset(
        {"config_source", "route_config_name"}
    ),
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter": frozenset(
        {"name", "typed_config", "is_optional", "disabled"}
    ),
    "envoy.config.core.v3.HttpProtocolOptions": frozenset(
        {
            "idle_timeout",
            "max_connection_duration",
            "max_stream_duration",
            "max_headers_count",
            "max_requests_per_connection",
            "headers_with_underscores_action",
        }
    ),
    "envoy.config.core.v3.Http1ProtocolOptions": frozenset(
        {"accept_http_10", "default_host_for_http_10", "allow_absolute_url"}
    ),
    "envoy.config.core.v3.Http2ProtocolOptions": frozenset(
        {"max_concurrent_streams", "initial_stream_window_size", "initial_connection_window_size", "hpack_table_size"}
    ),
    "envoy.extensions.filters.http.router.v3.Router": frozenset({"suppress_envoy_headers"}),
}

_ADDRESSES_KEPT = 10_000

DEFAULT_BUFFER_LIMIT = 1024 * 1024  # Envoy: Listener.per_connection_buffer_limit_bytes

# CodecType
AUTO, HTTP1, HTTP2, HTTP3 = 0, 1, 2, 3
# ServerHeaderTransformation
OVERWRITE, APPEND_IF_ABSENT, PASS_THROUGH = 0, 1, 2
# PathWithEscapedSlashesAction
ESCAPED_DEFAULT, ESCAPED_KEEP, ESCAPED_REJECT, ESCAPED_REDIRECT, ESCAPED_FORWARD = 0, 1, 2, 3, 4
# HeadersWithUnderscoresAction
UNDERSCORES_ALLOW, UNDERSCORES_REJECT, UNDERSCORES_DROP = 0, 1, 2


class ManagerSettings:
    """Envoy's defaults where the proto says nothing; durations in seconds, 0.0 for none."""

    def __init__(self, proto: HttpConnectionManager) -> None:
        self.codec = int(proto.codec_type)
        self.stat_prefix = proto.stat_prefix
        self._read_addresses(proto)
        self._read_identity(proto)
        self._read_paths(proto)
        self._read_timeouts(proto)
        self._read_protocols(proto)

    def _read_addresses(self, proto: HttpConnectionManager) -> None:
        self.use_remote_address = proto.use_remote_address.value
        self.xff_num_trusted_hops = int(proto.xff_num_trusted_hops)
        self.skip_xff_append = proto.skip_xff_append
        self.append_x_forwarded_port = proto.append_x_forwarded_port
        inside = proto.internal_address_config
        self._internal_networks = [
            ip_network(f"{each.address_prefix}/{each.prefix_len.value}", strict=False) for each in inside.cidr_ranges
        ]
        self._internal_known: dict[str, bool] = {"": inside.unix_sockets}
        self.scheme = proto.scheme_header_transformation.scheme_to_overwrite.encode()
        self.adds_user_agent = proto.add_user_agent.value

    def replaces_request_id(self, edge: bool) -> bool:
        """Whether an id that came with a request is not believed."""
        return edge and not self.preserve_external_request_id

    def is_internal(self, address: str) -> bool:
        """Whether an address is one of ours, by `internal_address_config`; "" stands for a Unix socket."""
        known = self._internal_known.get(address)
        if known is None:
            if len(self._internal_known) >= _ADDRESSES_KEPT:
                self._internal_known = {"": self._internal_known[""]}
            found = ip_address(address)
            known = any(found in network for network in self._internal_networks)
            self._internal_known[address] = known
        return known

    def _read_identity(self, proto: HttpConnectionManager) -> None:
        self.generate_request_id = _flag(proto, "generate_request_id", True)
        self.preserve_external_request_id = proto.preserve_external_request_id
        self.request_id_in_response = proto.always_set_request_id_in_response
        self.server_name = proto.server_name.encode() or b"envoy"
        self.server_transformation = int(proto.server_header_transformation)
        self.via = proto.via.encode()
        self.proxy_100_continue = proto.proxy_100_continue

    def _read_paths(self, proto: HttpConnectionManager) -> None:
        self.normalize_path = _flag(proto, "normalize_path", False)
        self.merge_slashes = proto.merge_slashes
        self.escaped_slashes = int(proto.path_with_escaped_slashes_action)
        self.strip_any_port = proto.strip_any_host_port
        self.strip_matching_port = proto.strip_matching_host_port
        self.strip_trailing_dot = proto.strip_trailing_host_dot
        # Whether anything but the search for a fragment is to be done with paths and hosts.
        self.changes_path = bool(self.normalize_path or self.merge_slashes or self.escaped_slashes > ESCAPED_KEEP)
        self.changes_host = bool(self.strip_any_port or self.strip_matching_port or self.strip_trailing_dot)

    def _read_timeouts(self, proto: HttpConnectionManager) -> None:
        self.request_timeout_s = seconds_of(proto, "request_timeout", 0.0)
        self.request_headers_timeout_s = seconds_of(proto, "request_headers_timeout", 0.0)
        self.stream_idle_timeout_s = seconds_of(proto, "stream_idle_timeout", 300.0)
        self.drain_timeout_s = seconds_of(proto, "drain_timeout", 5.0)
        self.delayed_close_timeout_s = seconds_of(proto, "delayed_close_timeout", 1.0)
        common = proto.common_http_protocol_options
        self.idle_timeout_s = seconds_of(common, "idle_timeout", 3600.0)
        self.max_connection_duration_s = seconds_of(common, "max_connection_duration", 0.0)
        self.max_stream_duration_s = seconds_of(common, "max_stream_duration", 0.0)
        self.max_requests_per_connection = int(common.max_requests_per_connection.value)
        self.max_headers = int(common.max_headers_count.value) or 100
        self.underscores = int(common.headers_with_underscores_action)

    def _read_protocols(self, proto: HttpConnectionManager) -> None:
        self.upgrades = {each.upgrade_type.lower(): _flag(each, "enabled", True) for each in proto.upgrade_configs}
        self.max_request_headers_bytes = (int(proto.max_request_headers_kb.value) or 60) * 1024
        http1 = proto.http_protocol_options
        self.accept_http_10 = http1.accept_http_10
        self.default_host = http1.default_host_for_http_10.encode()
        self.allow_absolute_url = _flag(http1, "allow_absolute_url", True)
        http2 = proto.http2_protocol_options
        # Envoy: http_option_limits.h
        self.max_concurrent_streams = int(http2.max_concurrent_streams.value) or 1024
        self.stream_window = int(http2.initial_stream_window_size.value) or 16 << 20
        self.connection_window = int(http2.initial_connection_window_size.value) or 24 << 20
        self.hpack_table_size = int(http2.hpack_table_size.value) if http2.HasField("hpack_table_size") else 4096


def _flag(proto: Any, name: str, default: bool) -> bool:
    return bool(getattr(proto, name).value) if proto.HasField(name) else default


def seconds_of(proto: Any, name: str, default: float) -> float:
    """A Duration field in seconds."""
    if not proto.HasField(name):
        return default
    value: Duration = getattr(proto, name)
    return value.ToNanoseconds() / 1e9


def check_settings(proto: HttpConnectionManager) -> list[FieldProblem]:
    """What the table of supported fields cannot say."""
    problems: list[FieldProblem] = []
    if proto.codec_type == HTTP3:
        problems.append(FieldProblem("codec_type", "HTTP3 is not supported"))
    if proto.WhichOneof("route_specifier") is None:
        problems.append(FieldProblem("route_specifier", "one of rds and route_config must be set"))
    for index, upgrade in enumerate(proto.upgrade_configs):
        if upgrade.upgrade_type.lower() in ("connect", "connect-udp"):
            path = f"upgrade_configs[{index}].upgrade_type"
            problems.append(FieldProblem(path, f"{upgrade.upgrade_type} is not supported"))
    if proto.strip_any_host_port and proto.strip_matching_host_port:
        problems.append(
            FieldProblem("strip_matching_host_port", "only one of strip_matching_host_port and strip_any_host_port")
        )
    return problems
