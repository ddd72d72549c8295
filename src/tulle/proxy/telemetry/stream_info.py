"""What is known of one request, or of one TCP connection, while it lasts and when it is logged."""

from typing import Protocol

from tulle.proxy.telemetry.connection_info import ConnectionInfo

UNKNOWN = ConnectionInfo()  # of streams that belong to no connection


class HeaderLookup(Protocol):
    """Headers as telemetry sees them: lower-case names (pseudo headers with their colon) to values."""

    def get(self, name: bytes, /) -> bytes | None: ...


class StreamInfo:
    """Filled in as a request goes its way; None, 0 and "" stand for what is not known.

    `start_time` is in seconds since the epoch, `start` on the monotonic clock; `response_flags` are bits of
    `ResponseFlag`, `duration_ms` is set at the end. `request_headers` and `response_headers` are as they stood when the
    headers were last seen: for a log they include pseudo headers (`:method`, `:path`, `:authority`, `:status`).
    `downstream_remote` is the client's address, which a request may say otherwise than its connection.
    """

    __slots__ = (
        "bytes_received",
        "bytes_sent",
        "downstream",
        "downstream_remote",
        "duration_ms",
        "local_reply_body",
        "protocol",
        "request_headers",
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
        "upstream_transport_failure",
        "virtual_cluster",
    )

    def __init__(self) -> None:
        self.start_time = 0.0
        self.start = 0.0
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
        self.upstream_transport_failure: str | None = None
        self.route_name: str | None = None
        self.virtual_cluster: str | None = None
        self.downstream = UNKNOWN
        self.downstream_remote: str | None = None
        self.request_headers: HeaderLookup | None = None
        self.response_headers: HeaderLookup | None = None

    @property
    def downstream_local(self) -> str | None:
        """The address that the client connected to."""
        return self.downstream.local or None

    @property
    def downstream_direct_remote(self) -> str | None:
        """The peer of the connection, whoever it speaks for."""
        return self.downstream.direct_remote or None

    @property
    def requested_server_name(self) -> str | None:
        """The name that the client asked for in its TLS handshake."""
        return self.downstream.requested_server_name or None

    @property
    def connection_id(self) -> int:
        """The number of the connection in its worker."""
        return self.downstream.connection_id
