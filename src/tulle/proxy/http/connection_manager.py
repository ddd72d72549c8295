"""The HTTP connection manager: takes connections, begins streams, keeps the routes in force, counts and logs."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import FilterChain
from tulle.proxy.http.h1.server import Http1ServerConnection
from tulle.proxy.http.h2.server import Http2ServerConnection
from tulle.proxy.http.local_reply import LocalReplies
from tulle.proxy.http.request_headers import append_via, prepare_request
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.http.server_connection import ServerConnection
from tulle.proxy.http.settings import APPEND_IF_ABSENT, DEFAULT_BUFFER_LIMIT, HTTP2, OVERWRITE, ManagerSettings
from tulle.proxy.http.stats import ListenerHttpStats, ManagerStats
from tulle.proxy.http.stream import Stream
from tulle.proxy.router.route_table import RouteTable
from tulle.proxy.slots import Slot
from tulle.proxy.telemetry.access_log import AccessLog
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.response_flags import ResponseFlag

SWITCHING_PROTOCOLS = 101
_CONTINUE = {b":status": b"100"}
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
    local_replies: LocalReplies
    node: tuple[bytes, bytes] = (b"", b"")  # cluster and id of this proxy
    buffer_limit: int = DEFAULT_BUFFER_LIMIT  # the listener's


class ConnectionManager:
    """The handler of a filter chain that ends in HTTP."""

    def __init__(self, parts: ManagerParts) -> None:
        self.settings = parts.settings
        self.chain = parts.chain
        self.routes = parts.routes
        self.runtime = parts.runtime
        self.stats = parts.stats
        self.access_logs = parts.access_logs
        self.local_replies = parts.local_replies
        self.node = parts.node
        self.buffer_limit = parts.buffer_limit  # of a body that a filter asks for as a whole
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
        headers = stream.request
        if b"expect" in headers:
            self._answer_expectation(stream, end)
        table = self.routes.value
        if table is not None:
            stream.route = table.match(headers, stream, stream.random)
        if b"upgrade" in headers and not self._begin_upgrade(stream):
            return
        stream.begin(end)

    def _begin_upgrade(self, stream: Stream) -> bool:
        """Whether the connection may become another protocol's; by the route, else by the connection manager."""
        kind = stream.request[b"upgrade"].decode("latin-1").lower()
        route = stream.route
        allowed = self.settings.upgrades.get(kind, False)
        if route is not None and not route.upgrades.get(kind, allowed):
            stream.connection.close_after(stream)
            stream.reply(403, details="upgrade_failed")
            return False
        self.stats.downstream_cx_upgrades_total.value += 1
        self.stats.downstream_cx_upgrades_active.value += 1
        return True

    def _answer_expectation(self, stream: Stream, end: bool) -> None:
        """RFC 9110 § 10.1.1: says `100 Continue` in the place of the host, unless it is left to the host."""
        if stream.request[b"expect"].lower() == b"100-continue" and not self.settings.proxy_100_continue:
            stream.request.remove(b"expect")
            if not end:
                stream.connection.send_informational(stream, Headers(_CONTINUE))

    def introduce(self, headers: Headers) -> None:
        """Tells upstream hosts who sends the request (Envoy: add_user_agent)."""
        cluster, node = self.node
        headers[b"x-envoy-downstream-service-cluster"] = cluster
        headers.setdefault(b"user-agent", cluster)
        if node:
            headers[b"x-envoy-downstream-service-node"] = node

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
        stream.settle()

    def finish_response_headers(self, stream: Stream, headers: Headers) -> None:
        """What every response gets before it is encoded, and the count of its status."""
        headers.pop(b"connection", None)
        headers.pop(b"transfer-encoding", None)
        headers.pop(b"keep-alive", None)
        headers.pop(b"proxy-connection", None)
        upgrade = headers.pop(b"upgrade", None)
        settings = self.settings
        if b"date" not in headers:
            headers[b"date"] = self.runtime.date()
        transformation = settings.server_transformation
        if transformation == OVERWRITE or (transformation == APPEND_IF_ABSENT and b"server" not in headers):
            headers[b"server"] = settings.server_name
        if settings.via:
            append_via(headers, settings.via)
        request = stream.request
        if (settings.request_id_in_response or b"x-envoy-force-trace" in request) and b"x-request-id" in request:
            headers.set(b"x-request-id", request[b"x-request-id"])
        if not stream.request_complete:
            self.stats.downstream_rq_response_before_rq_complete.value += 1
        status = int(headers[b":status"])
        if status == SWITCHING_PROTOCOLS and upgrade is not None:
            headers[b"connection"], headers[b"upgrade"] = b"upgrade", upgrade
        stream.response_code = status
        if stream.is_health_check:
            return
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
        if b"upgrade" in stream.request and stream.response_code_details != "upgrade_failed":
            stats.downstream_cx_upgrades_active.value -= 1
        duration_ms = int((monotonic() - stream.start) * 1000)
        stream.duration_ms = duration_ms
        stats.downstream_rq_time.record(duration_ms)
        if self._has_deadlines:
            self._unwatch(stream)
        if stream.idle_limit_s:
            self.runtime.stream_idle.of(stream.idle_limit_s).discard(stream)
        if stream.durations is not None:
            stream.durations.discard(stream)
        for each in stream.chain.observers:
            each.on_stream_end(stream)
        for log in self.access_logs:
            log.log(stream)

    def log_refused(self, stream: Stream) -> None:
        """Logs a request that never became a stream of its own: its bytes could not be read."""
        stream.response_flags |= ResponseFlag.DOWNSTREAM_PROTOCOL_ERROR
        self.stats.downstream_rq_rx_reset.value += 1
        stream.duration_ms = int((monotonic() - stream.start) * 1000)
        for log in self.access_logs:
            log.log(stream)

    def should_close(self) -> bool:
        """Whether clients are to go elsewhere: the listener drains, the process does, or health was failed."""
        return self.draining or self.runtime.draining or self.runtime.health_failed
