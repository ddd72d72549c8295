"""What is known of one request, or of one TCP connection, while it lasts and when it is logged."""

from typing import Protocol


class HeaderLookup(Protocol):
    """Headers as telemetry sees them: lower-case names (pseudo headers with their colon) to values."""

    def get(self, name: bytes, /) -> bytes | None: ...


class StreamInfo:
    """Filled in as a request goes its way; None, 0 and "" stand for what is not known.

    `start_time` is in seconds since the epoch, `start` on the monotonic clock; `response_flags` are bits of
    `ResponseFlag`, `duration_ms` is set at the end. `request_headers` and `response_headers` are as they stood when the
    headers were last seen: for a log they include pseudo headers (`:method`, `:path`, `:authority`, `:status`).
    """

    __slots__ = (
        "authority",
        "bytes_received",
        "bytes_sent",
        "connection_id",
        "downstream_direct_remote",
        "downstream_local",
        "downstream_remote",
        "duration_ms",
        "local_reply_body",
        "method",
        "path",
        "protocol",
        "request_headers",
        "requested_server_name",
        "response_code",
        "response_code_details",
        "response_flags",
        "response_headers",
        "route_name",
        "start",
        "start_time",
        "upstream_attempts",
        "upstream_cluster",
        "upstream_host",
        "upstream_local",
        "upstream_protocol",
        "upstream_remote",
        "upstream_service_time",
        "upstream_transport_failure",
        "virtual_cluster",
    )

    def __init__(self) -> None:
        self.start_time = 0.0
        self.start = 0.0
        self.method = b""
        self.path = b""
        self.authority = b""
        self.protocol: str | None = None
        self.response_code = 0
        self.response_flags = 0
        self.response_code_details: str | None = None
        self.bytes_received = 0
        self.bytes_sent = 0
        self.duration_ms: int | None = None
        self.local_reply_body: str | None = None
        self.upstream_host: str | None = None
        self.upstream_local: str | None = None
        self.upstream_protocol: str | None = None
        self.upstream_remote: str | None = None
        self.upstream_attempts = 0
        self.upstream_cluster: str | None = None
        self.upstream_service_time: int | None = None
        self.upstream_transport_failure: str | None = None
        self.route_name: str | None = None
        self.virtual_cluster: str | None = None
        self.requested_server_name: str | None = None
        self.downstream_remote: str | None = None
        self.downstream_direct_remote: str | None = None
        self.downstream_local: str | None = None
        self.connection_id = 0
        self.request_headers: HeaderLookup | None = None
        self.response_headers: HeaderLookup | None = None
