"""The HTTP connection manager: takes connections, begins streams, keeps the routes in force, counts and logs."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import FilterChain
from tulle.proxy.http.h1.server import Http1ServerConnection
from tulle.proxy.http.h2.server import Http2ServerConnection
from tulle.proxy.http.request_headers import prepare_request
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.http.server_connection import ServerConnection
from tulle.proxy.http.settings import APPEND_IF_ABSENT, HTTP2, OVERWRITE, ManagerSettings
from tulle.proxy.http.stats import ListenerHttpStats, ManagerStats
from tulle.proxy.http.stream import Stream
from tulle.proxy.router.route_table import RouteTable
from tulle.proxy.slots import Slot
from tulle.proxy.telemetry.access_log import AccessLog
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.response_flags import ResponseFlag

_CLASSES = ("downstream_rq_1xx", "downstream_rq_2xx", "downstream_rq_3xx", "downstream_rq_4xx", "downstream_rq_5xx")


@dataclass(frozen=True, slots=True)
class ManagerParts:
    """What a connection manager is joined from. `routes` holds None until a route configuration is there."""

    settings: ManagerSettings
    chain: FilterChain
    routes: Slot[RouteTable | None]
    runtime: HttpRuntime
    stats: ManagerStats
    listener_stats: ListenerHttpStats
    access_logs: tuple[AccessLog, ...]


class ConnectionManager:
    """The handler of a filter chain that ends in HTTP."""

    def __init__(self, parts: ManagerParts) -> None:
        self.settings = parts.settings
        self.chain = parts.chain
        self.routes = parts.routes
        self.runtime = parts.runtime
        self.stats = parts.stats
        self.access_logs = parts.access_logs
        self.open: set[ServerConnection] = set()
        self.draining = False
        self._has_deadlines = bool(self.settings.max_stream_duration_s or self.settings.request_timeout_s)
        # The shortest of the timeouts that connections look after; 0.0: none.
        timeouts = (self.settings.idle_timeout_s, self.settings.stream_idle_timeout_s)
        self.patience_s = min((each for each in timeouts if each), default=0.0)
        self._class_counters = [(getattr(self.stats, name), getattr(parts.listener_stats, name)) for name in _CLASSES]
        self._completed = (self.stats.downstream_rq_completed, parts.listener_stats.downstream_rq_completed)

    # The handler of a filter chain.

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self.open)

    def take(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        """Owns the connection from now on."""
        kind = Http2ServerConnection if self._speaks_http2(info) else Http1ServerConnection
        connection = kind(self, transport, info)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        if received:
            connection.data_received(received)

    def _speaks_http2(self, info: ConnectionInfo) -> bool:
        """By configuration or ALPN; on a connection without ALPN an HTTP/1 codec looks for the preface."""
        return self.settings.codec == HTTP2 or (self.settings.codec == 0 and "h2" in info.application_protocols)

    def drain(self) -> None:
        """Asks every client to go elsewhere."""
        self.draining = True
        for connection in tuple(self.open):
            connection.start_drain()

    def close(self) -> None:
        """Closes everything now."""
        for connection in tuple(self.open):
            connection.transport.abort()

    def connection_closed(self) -> None:
        """A connection is gone."""

    # Streams.

    def begin(self, stream: Stream, end: bool) -> None:
        """Checks and completes the headers of a new request, finds its route, and lets it go."""
        stats = self.stats
        stats.downstream_rq_total.value += 1
        stats.downstream_rq_active.value += 1
        stream.random = self.runtime.random_bits(64)
        stream.request_complete = end
        if self._has_deadlines:
            self._watch(stream, end)
        if prepare_request(stream, self):
            return
        table = self.routes.value
        if table is not None:
            stream.route = table.match(stream.request, stream, stream.random)
        stream.begin(end)

    def refuse(self, stream: Stream, status: int, details: str) -> None:
        """Answers a request that asks for what its connection cannot give."""
        self.stats.downstream_rq_total.value += 1
        self.stats.downstream_rq_active.value += 1
        stream.request_complete = True
        if not prepare_request(stream, self):
            stream.reply(status, details=details)

    def _watch(self, stream: Stream, end: bool) -> None:
        runtime, settings = self.runtime, self.settings
        if settings.max_stream_duration_s:
            runtime.stream_durations.of(settings.max_stream_duration_s).add(stream)
        if settings.request_timeout_s and not end:
            runtime.request_timeouts.of(settings.request_timeout_s).add(stream)

    def _unwatch(self, stream: Stream) -> None:
        runtime, settings = self.runtime, self.settings
        if settings.max_stream_duration_s:
            runtime.stream_durations.of(settings.max_stream_duration_s).discard(stream)
        if settings.request_timeout_s:
            runtime.request_timeouts.of(settings.request_timeout_s).discard(stream)

    def match_again(self, stream: Stream) -> None:
        """A filter changed what routes are chosen by."""
        table = self.routes.value
        stream.route = None if table is None else table.match(stream.request, stream, stream.random)

    def finish_response_headers(self, stream: Stream, headers: Headers) -> None:
        """What every response gets before it is encoded, and the count of its status."""
        headers.pop(b"connection", None)
        headers.pop(b"transfer-encoding", None)
        headers.pop(b"keep-alive", None)
        headers.pop(b"proxy-connection", None)
        headers.pop(b"upgrade", None)
        settings = self.settings
        if b"date" not in headers:
            headers[b"date"] = self.runtime.date()
        transformation = settings.server_transformation
        if transformation == OVERWRITE or (transformation == APPEND_IF_ABSENT and b"server" not in headers):
            headers[b"server"] = settings.server_name
        if settings.via:
            headers.add(b"via", settings.via)
        if settings.request_id_in_response and b"x-request-id" in stream.request:
            headers.set(b"x-request-id", stream.request[b"x-request-id"])
        status = int(headers[b":status"])
        stream.response_code = status
        here, at_listener = self._completed
        here.value += 1
        at_listener.value += 1
        kind = status // 100 - 1
        if 0 <= kind < 5:
            here, at_listener = self._class_counters[kind]
            here.value += 1
            at_listener.value += 1

    def stream_ended(self, stream: Stream) -> None:
        """Counts and logs a stream that is over."""
        stats = self.stats
        stats.downstream_rq_active.value -= 1
        duration_ms = int((monotonic() - stream.start) * 1000)
        stream.duration_ms = duration_ms
        stats.downstream_rq_time.record(duration_ms)
        if self._has_deadlines:
            self._unwatch(stream)
        for each in self.chain.observers:
            each.on_stream_end(stream)
        for log in self.access_logs:
            log.log(stream)

    def log_refused(self, stream: Stream) -> None:
        """Logs a request that never became a stream of its own: its bytes could not be read."""
        stream.response_flags |= ResponseFlag.DOWNSTREAM_PROTOCOL_ERROR
        stream.duration_ms = int((monotonic() - stream.start) * 1000)
        for log in self.access_logs:
            log.log(stream)

    def should_close(self) -> bool:
        """Whether clients are to go elsewhere: the listener drains, the process does, or health was failed."""
        return self.draining or self.runtime.draining or self.runtime.health_failed
