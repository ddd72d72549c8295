"""What is known of one downstream connection, from its acceptance to its end."""

from collections.abc import Callable

from tulle.proxy.telemetry.tls_facts import TlsFacts


class ConnectionInfo:
    """Filled in by the listener and its filters before a network filter sees the connection.

    Addresses are text as Envoy prints them (`127.0.0.1:80`, `[::1]:80`, a path for Unix sockets). `remote` and `local`
    are what routing and logs use, after PROXY protocol and original destination; `direct_remote` is the socket's peer.
    `on_closed` is called once, by whoever owns the connection at its end.
    """

    __slots__ = (
        "application_protocols",
        "connection_id",
        "direct_remote",
        "local",
        "local_port",
        "on_closed",
        "original_dst",
        "remote",
        "remote_ip",
        "requested_server_name",
        "start",
        "start_time",
        "tcp_cluster",
        "tls",
        "transport_failure",
        "transport_protocol",
    )

    def __init__(self) -> None:
        self.connection_id = 0
        self.remote = ""
        self.remote_ip = ""  # without brackets or port; empty for a Unix socket
        self.direct_remote = ""
        self.local = ""
        self.local_port = 0
        self.original_dst: tuple[str, int] | None = None  # where the client wanted to go, when it was redirected
        self.requested_server_name = ""
        self.transport_protocol = "raw_buffer"  # or "tls"
        self.application_protocols: tuple[str, ...] = ()
        self.tls: TlsFacts | None = None  # once the handshake is over
        self.transport_failure = ""  # why the transport socket ended the connection
        self.tcp_cluster = ""  # chosen by a network filter, instead of the TCP proxy's own
        self.start = 0.0  # monotonic clock, seconds
        self.start_time = 0.0  # seconds since the epoch
        self.on_closed: Callable[[], None] | None = None
