"""How a cluster speaks HTTP to its hosts."""

from functools import lru_cache
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Cluster, Http2ProtocolOptions, HttpProtocolOptions

OPTIONS_KEY = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

H1, H2, AS_DOWNSTREAM = 1, 2, 0

_IDLE_TIMEOUT_S = 3600.0  # Envoy: HttpProtocolOptions.idle_timeout


class HttpSettings(NamedTuple):
    """0 stands for no limit. The windows are what we grant the host, in bytes."""

    protocol: int = H1  # H1, H2 or AS_DOWNSTREAM
    idle_timeout_s: float = _IDLE_TIMEOUT_S
    max_requests_per_connection: int = 0
    max_connection_duration_s: float = 0.0
    # Envoy: http_option_limits.h
    max_concurrent_streams: int = 1024
    stream_window: int = 16 * 1024 * 1024
    connection_window: int = 24 * 1024 * 1024
    hpack_table_size: int = 4096


_DEFAULT = HttpSettings()


def build_http_settings(proto: Cluster) -> HttpSettings:
    """From the typed options, or from the older fields of the cluster itself when those are absent."""
    holder = proto.typed_extension_protocol_options.get(OPTIONS_KEY)
    if holder is not None:
        return _from_options(holder.value)
    http2 = proto.HasField("http2_protocol_options")
    as_downstream = proto.protocol_selection == Cluster.USE_DOWNSTREAM_PROTOCOL
    settings = _DEFAULT
    if proto.HasField("common_http_protocol_options") or http2 or as_downstream:
        protocol = AS_DOWNSTREAM if as_downstream else (H2 if http2 else H1)
        settings = _settings(protocol, proto.common_http_protocol_options, proto.http2_protocol_options)
    if proto.HasField("max_requests_per_connection") and not settings.max_requests_per_connection:
        settings = settings._replace(max_requests_per_connection=proto.max_requests_per_connection.value)
    return settings


def check_http_settings(proto: Cluster) -> list[FieldProblem]:
    """What the API's rules and the list of supported fields do not say."""
    problems: list[FieldProblem] = []
    for key, holder in proto.typed_extension_protocol_options.items():
        path = f'typed_extension_protocol_options["{key}"]'
        if key != OPTIONS_KEY:
            problems.append(FieldProblem(path, f"is not supported; {OPTIONS_KEY} is"))
        elif not holder.type_url.endswith("/" + OPTIONS_KEY):
            problems.append(FieldProblem(path, f"must hold {OPTIONS_KEY}"))
        else:
            try:
                HttpProtocolOptions.FromString(holder.value)
            except DecodeError as error:
                problems.append(FieldProblem(path, f"cannot be read: {error}"))
    return problems


# A mesh has thousands of clusters and a handful of different options.
@lru_cache(maxsize=256)
def _from_options(data: bytes) -> HttpSettings:
    options = HttpProtocolOptions.FromString(data)
    common = options.common_http_protocol_options
    kind = options.WhichOneof("upstream_protocol_options")
    if kind == "use_downstream_protocol_config":
        return _settings(AS_DOWNSTREAM, common, options.use_downstream_protocol_config.http2_protocol_options)
    explicit = options.explicit_http_config
    protocol = H2 if explicit.WhichOneof("protocol_config") == "http2_protocol_options" else H1
    return _settings(protocol, common, explicit.http2_protocol_options)


def _settings(protocol: int, common: Any, http2: Http2ProtocolOptions) -> HttpSettings:
    idle_s = _seconds(common.idle_timeout) if common.HasField("idle_timeout") else _DEFAULT.idle_timeout_s
    return HttpSettings(
        protocol,
        idle_s,
        common.max_requests_per_connection.value,
        _seconds(common.max_connection_duration),
        _number(http2, "max_concurrent_streams", _DEFAULT.max_concurrent_streams),
        _number(http2, "initial_stream_window_size", _DEFAULT.stream_window),
        _number(http2, "initial_connection_window_size", _DEFAULT.connection_window),
        _number(http2, "hpack_table_size", _DEFAULT.hpack_table_size),
    )


def _seconds(duration: Any) -> float:
    return float(duration.seconds) + float(duration.nanos) / 1e9


def _number(message: Http2ProtocolOptions, name: str, default: int) -> int:
    value: int = getattr(message, name).value
    return value if message.HasField(name) else default
