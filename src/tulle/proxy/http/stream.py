"""One request and its response, on their way through the filters."""

from collections.abc import Mapping
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from tulle.proxy.deadlines import Deadlines
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import BUFFER, PAUSE
from tulle.proxy.http.local_reply import LocalReply
from tulle.proxy.http.runtime import CLOCK_S
from tulle.proxy.telemetry.response_flags import ResponseFlag
from tulle.proxy.telemetry.stream_info import StreamInfo

if TYPE_CHECKING:
    from tulle.proxy.http.connection_manager import ConnectionManager
    from tulle.proxy.http.filter_api import HttpFilter
    from tulle.proxy.http.filters.router_request import UpstreamRequest
    from tulle.proxy.http.server_connection import ServerConnection
    from tulle.proxy.router.message_edits import ResponseEdit
    from tulle.proxy.router.route import Route

GATEWAY_TIMEOUT, REQUEST_TIMEOUT = 504, 408
PAYLOAD_TOO_LARGE, INTERNAL_ERROR = 413, 500
NOTHING: Mapping[str, Any] = {}


class Stream(StreamInfo):
    """Begun by a codec with the request's headers; over when `ended` is true.

    `request` and `response` are the headers as they stand; filters may change them. `route` is what the request
    matched, None when nothing did. `random` is one draw of 64 bits, so that all decisions on a request agree.
    """

    __slots__ = (
        "_held_request",
        "_held_response",
        "_next_request_filter",
        "_next_response_filter",
        "_room",
        "active_at",
        "chain",
        "choice",
        "connection",
        "direct_edit",
        "durations",
        "ended",
        "filter_state",
        "idle_limit_s",
        "is_health_check",
        "manager",
        "metadata",
        "notes",
        "random",
        "request",
        "request_complete",
        "response",
        "response_complete",
        "route",
        "settings",
        "stream_id",
        "upstream",
    )

    def __init__(
        self, manager: "ConnectionManager", connection: "ServerConnection", request: Headers, stream_id: int = 0
    ) -> None:
        super().__init__()
        self.manager = manager
        self.connection = connection
        self.chain = manager.chain
        self.stream_id = stream_id
        self.request = request
        self.request_headers = request
        self.response: Headers | None = None
        self.route: Route | None = None
        self.choice: Any = None
        self.upstream: UpstreamRequest | None = None
        self.direct_edit: ResponseEdit | None = None  # for a response that the router makes by itself
        self.random = 0
        self.request_complete = False
        self.response_complete = False
        self.ended = False
        self.idle_limit_s: float | None = None  # of the route; None: the connection manager's
        self.durations: Deadlines[Stream] | None = None  # where a route's limit of the whole is kept
        self.filter_state: dict[str, object] | None = None
        self.metadata: dict[str, dict[str, object]] | None = None
        self.settings: Mapping[str, Any] = NOTHING  # of the route, for filters by their names
        self.is_health_check = False
        self.notes: dict[HttpFilter, Any] | None = None  # what filters keep of this stream
        self._room = -1  # how many bytes may still be gathered for a filter that wants the whole body; -1: none does
        self._next_request_filter = 0  # -1: the request has reached the router
        self._held_request: list[tuple[bytes | Headers, bool]] | None = None
        self._next_response_filter = -1  # -1: no filter holds the response back
        self._held_response: list[tuple[bytes | Headers, bool]] | None = None
        self.start_time = time()
        self.start = self.active_at = monotonic()  # of the last byte in either direction
        self.downstream = info = connection.info
        self.downstream_remote = info.remote
        self.protocol = connection.protocol_name

    # The request, from the client to the router.

    def begin(self, end: bool) -> None:
        """Lets the request run through the filters; `end`: it has no body."""
        self.request_complete = end
        if self.chain.filters:
            self.settle()
            self._run_request_filters(end)
        else:
            self._next_request_filter = -1
            self.chain.router.start(self, end)

    def settle(self) -> None:
        """Chooses the cluster and takes over what the route says of filters; anew after the route has changed."""
        route = self.route
        if route is None:
            self.settings = NOTHING
            disabled: Mapping[str, bool] = NOTHING
        else:
            self.choice = choice = route.pick_cluster(self.request, self.random)
            if choice is None:
                self.settings, disabled = route.per_filter, route.disabled_filters
            else:
                self.settings, disabled = choice.per_filter, choice.disabled_filters
        # Envoy makes the filters of a stream once, by its first route.
        if self._next_request_filter == 0 and (disabled or self.chain.disabled):
            self.chain = self.chain.for_route(disabled)

    def note(self, owner: "HttpFilter", what: Any) -> None:
        """Keeps something for a filter until the stream ends."""
        if self.notes is None:
            self.notes = {}
        self.notes[owner] = what

    def set_metadata(self, namespace: str, values: dict[str, object]) -> None:
        """A filter notes something for those behind it, under its own name."""
        if self.metadata is None:
            self.metadata = {}
        self.metadata[namespace] = {**self.metadata.get(namespace, {}), **values}

    def limit_body(self, size: int) -> None:
        """How large a request's body may get that a filter asks for as a whole, instead of the listener's limit."""
        self._room = size

    def _run_request_filters(self, end: bool) -> None:
        filters = self.chain.request_headers
        while self._next_request_filter < len(filters):
            current = filters[self._next_request_filter]
            self._next_request_filter += 1
            verdict = current.on_request_headers(self, end)
            if verdict == BUFFER and not end:
                if self._room < 0:
                    self._room = self.manager.buffer_limit
                if self.request_complete:  # its body came while the chain was stopped
                    self._see_request_body()
                return
            self._room = -1
            if verdict or self.response is not None or self.ended:
                return
        self._next_request_filter = -1
        self.chain.router.start(self, end)
        self._release_request()

    def resume_request(self) -> None:
        """Goes on behind the filter that paused the request."""
        if self.ended or self.response is not None or self._next_request_filter < 0:
            return
        self._run_request_filters(self.request_complete and not self._held_request)

    def _release_request(self) -> None:
        held, self._held_request = self._held_request, None
        if not held:
            return
        for data, end in held:
            if self.response_complete or self.ended:
                return
            self._pass_request(data, end)
        self.connection.resume_request(self)

    def on_request_data(self, data: bytes, end: bool) -> None:
        """A piece of the body came."""
        self.bytes_received += len(data)
        self.active_at = monotonic()
        if end:
            self.request_complete = True
        if self.response_complete or self.ended:
            return
        if self._next_request_filter < 0:
            if self.chain.request_data:
                self._pass_request(data, end)
            else:
                self.chain.router.send_data(self, data, end)
        elif self.response is None:
            self._hold_request(data, end)

    def on_request_trailers(self, trailers: Headers) -> None:
        """The request ended with trailers."""
        self.request_complete = True
        if self.response_complete or self.ended:
            return
        if self._next_request_filter < 0:
            self._pass_request(trailers, True)
        elif self.response is None:
            self._hold_request(trailers, True)

    def _hold_request(self, data: bytes | Headers, end: bool) -> None:
        gathers = self._room >= 0
        if self._held_request is None:
            self._held_request = []
            if not gathers:
                self.connection.pause_request(self)
        self._held_request.append((data, end))
        if not gathers:
            return
        if not isinstance(data, Headers):
            self._room -= len(data)
            # Envoy lets the filter see the last piece before it would count it; its HTTP/1 codec tells the end apart.
            if self._room < 0 and not (end and self.protocol == "HTTP/2"):
                self._held_request = None
                self.manager.stats.downstream_rq_too_large.value += 1
                self.reply(PAYLOAD_TOO_LARGE, b"Payload Too Large", "request_payload_too_large")
                return
        if end:
            self._see_request_body()

    def _see_request_body(self) -> None:
        """The filter that asked for the whole body sees it."""
        current = self.chain.request_headers[self._next_request_filter - 1]
        self._room = -1
        body, self._held_request = _joined(self._held_request)
        verdict = current.on_request_body(self, body)
        if not verdict and self.response is None and not self.ended:
            self._run_request_filters(False)

    def _pass_request(self, data: bytes | Headers, end: bool, at: int = 0) -> None:
        """Through the filters of bodies from the one at this place on, and to the router."""
        chain = self.chain
        if isinstance(data, Headers):
            for each in chain.request_trailers:
                if each.on_request_trailers(self, data):
                    return
            if not self.response_complete and not self.ended:
                chain.router.send_trailers(self, data)
            return
        for each in chain.request_data[at:]:
            verdict = each.on_request_data(self, data, end)
            if self.response_complete or self.ended:
                return
            if isinstance(verdict, bytes):
                data = verdict
            elif verdict:
                return
        chain.router.send_data(self, data, end)

    def pass_request_data(self, behind: "HttpFilter", data: bytes, end: bool) -> None:
        """A filter gives on what it kept of the body, or made."""
        if not self.response_complete and not self.ended:
            self._pass_request(data, end, self.chain.request_data.index(behind) + 1)

    # The response, from the router, or from a filter that answers by itself, to the client.

    def reply(
        self,
        status: int,
        body: bytes = b"",
        details: str = "",
        flags: int = 0,
        headers: Headers | None = None,
    ) -> int:
        """Answers instead of an upstream host; a response that has begun is cut. Returns a verdict for filters."""
        self.response_flags |= flags
        self.response_code_details = details
        if self.ended:
            return 1
        if self.response is not None:
            self.reset()
            return 1
        self.chain.router.abandon(self)
        reply = LocalReply(status, body, headers)
        self.response_code = status
        if self.direct_edit is not None:
            reply.edit = self.direct_edit
        response, body = self.manager.local_replies.build(self, reply)
        if body and self.request[b":method"] == b"HEAD":
            body = b""
        self.respond(response, not body)
        if body:
            self.respond_data(body, True)
        return 1

    def respond(self, headers: Headers, end: bool) -> None:
        """The headers of the response."""
        self.response = self.response_headers = headers
        if self.chain.response_headers:
            self._next_response_filter = 0
            self._room = -1
            self._run_response_filters(end)
        else:
            self.manager.finish_response_headers(self, headers)
            self.response_complete = end
            self.connection.send_headers(self, headers, end)
            if end:
                self.finish()

    def _run_response_filters(self, end: bool) -> None:
        filters = self.chain.response_headers
        while self._next_response_filter < len(filters):
            current = filters[self._next_response_filter]
            self._next_response_filter += 1
            verdict = current.on_response_headers(self, end)
            if self.ended:
                return
            if verdict == BUFFER and not end:
                self._room = self.manager.buffer_limit
                if self._held_response and self._held_response[-1][1]:
                    self._see_response_body()
                return
            if verdict == PAUSE:
                if end:
                    self._held_response = [(b"", True)]
                return
        self._next_response_filter = -1
        held, self._held_response = self._held_response, None
        assert self.response is not None
        if held == [(b"", True)]:
            end, held = True, None
        self._send_headers(self.response, end and not held)
        for data, last in held or ():
            if not self.ended:
                self._send_held(data, last)

    def resume_response(self) -> None:
        """Goes on behind the filter that paused the response."""
        if not self.ended and self._next_response_filter >= 0:
            self._run_response_filters(False)
            self.chain.router.resume_reading(self)

    def _send_held(self, data: bytes | Headers, end: bool) -> None:
        if isinstance(data, Headers):
            self.respond_trailers(data)
        else:
            self.respond_data(data, end)

    def _hold_response(self, data: bytes | Headers, end: bool) -> None:
        if self._held_response is None:
            self._held_response = []
            if self._room < 0 and not end:
                self.chain.router.pause_reading(self)
        self._held_response.append((data, end))
        if self._room < 0:
            return
        if not isinstance(data, Headers):
            self._room -= len(data)
            if self._room < 0:
                self._refuse_response()
                return
        if end:
            self._see_response_body()

    def _see_response_body(self) -> None:
        """The filter that asked for the whole body sees it."""
        current = self.chain.response_headers[self._next_response_filter - 1]
        self._room = -1
        body, self._held_response = _joined(self._held_response)
        if not current.on_response_body(self, body) and not self.ended:
            self._run_response_filters(False)

    def _refuse_response(self) -> None:
        """The body is larger than a filter may gather; the answer does not see the filters (Envoy: DirectReply)."""
        self.manager.stats.rs_too_large.value += 1
        self.chain.router.abandon(self)
        self._held_response, self._next_response_filter = None, -1
        self.response_code_details = "response_payload_too_large"
        reply = LocalReply(INTERNAL_ERROR, b"Internal Server Error")
        response, body = self.manager.local_replies.build(self, reply)
        self.response = self.response_headers = response
        body = b"" if self.request[b":method"] == b"HEAD" else body
        self._send_headers(response, not body)
        if body:
            self._send_data(body, True)

    def respond_data(self, data: bytes, end: bool) -> None:
        """A piece of the response's body."""
        if self._next_response_filter >= 0:
            self._hold_response(data, end)
        elif self.chain.response_data:
            self._pass_response(data, end)
        else:
            self._send_data(data, end)

    def respond_trailers(self, trailers: Headers) -> None:
        """The response ends with trailers."""
        if self._next_response_filter >= 0:
            self._hold_response(trailers, True)
        else:
            self._pass_response(trailers, True)

    def _pass_response(self, data: bytes | Headers, end: bool, at: int = 0) -> None:
        """Through the filters of bodies from the one at this place on, and to the client."""
        if isinstance(data, Headers):
            for each in self.chain.response_trailers:
                if each.on_response_trailers(self, data) or self.ended:
                    return
            self.response_complete = True
            self.connection.send_trailers(self, data)
            self.finish()
            return
        for each in self.chain.response_data[at:]:
            verdict = each.on_response_data(self, data, end)
            if self.ended:
                return
            if isinstance(verdict, bytes):
                data = verdict
            elif verdict:
                return
        self._send_data(data, end)

    def pass_response_data(self, behind: "HttpFilter", data: bytes, end: bool) -> None:
        """A filter gives on what it kept of the body, or made."""
        if not self.ended:
            self._pass_response(data, end, self.chain.response_data.index(behind) + 1)

    def _send_data(self, data: bytes, end: bool) -> None:
        self.bytes_sent += len(data)
        if end:
            self.response_complete = True
            self.connection.send_data(self, data, True)
            self.finish()
        else:
            self.active_at = monotonic()
            self.connection.send_data(self, data, False)

    def inform(self, headers: Headers) -> None:
        """A 1xx response of an upstream host."""
        if self.response is None and not self.ended:
            self.connection.send_informational(self, headers)

    def _send_headers(self, headers: Headers, end: bool) -> None:
        self.manager.finish_response_headers(self, headers)
        if end:
            self.response_complete = True
        self.connection.send_headers(self, headers, end)
        if end:
            self.finish()

    # Ends.

    def finish(self) -> None:
        """The response is complete: counts, logs, and lets the connection go on."""
        if self.ended:
            return
        self.ended = True
        if not self.request_complete:
            # Envoy's codec resets what is left of the request, and counts it with those of clients.
            self.manager.stats.downstream_rq_rx_reset.value += 1
            self.chain.router.abandon(self)
        self.manager.stream_ended(self)
        self.upstream = None  # it refers to this stream: without the circle both are freed at once
        self.connection.stream_done(self)

    def reset(self) -> None:
        """Cuts the stream, because its response cannot come to its end."""
        if self.ended:
            return
        self.ended = True
        self.manager.stats.downstream_rq_tx_reset.value += 1
        self.manager.stats.downstream_rq_rx_reset.value += 1  # Envoy: onResetStream is called for both directions
        self.chain.router.abandon(self)
        self.manager.stream_ended(self)
        self.upstream = None
        self.connection.reset(self)

    def on_client_gone(self, flags: int, details: str) -> None:
        """The client cut the stream, or its connection is gone."""
        if self.ended:
            return
        self.ended = True
        self.response_flags |= flags
        self.response_code_details = details
        self.manager.stats.downstream_rq_rx_reset.value += 1
        self.chain.router.abandon(self)
        self.manager.stream_ended(self)
        self.upstream = None

    # Deadlines and flow control.

    def limit(self, idle_s: float | None, duration_s: float | None) -> None:
        """A route's timeouts in the place of the connection manager's; 0.0 for none, None leaves it as it is."""
        runtime = self.manager.runtime
        self.idle_limit_s = idle_s
        if idle_s:
            runtime.stream_idle.of(idle_s).add(self)
        if duration_s is not None:
            runtime.stream_durations.of(self.manager.settings.max_stream_duration_s or 0.0).discard(self)
        if duration_s:
            self.durations = runtime.stream_durations.of(duration_s)
            self.durations.add(self)

    def look_for_idleness(self) -> None:
        """A route's idle timeout has passed since the stream, or the last look, began."""
        if self.ended or not self.idle_limit_s:
            return
        left_s = self.active_at + self.idle_limit_s - monotonic()
        if left_s <= CLOCK_S:
            self.on_idle_timeout()
        else:
            self.manager.runtime.loop.call_later(left_s, self.look_for_idleness)

    def on_idle_timeout(self) -> None:
        """Nothing moved for too long."""
        if self.ended:
            return
        self.manager.stats.downstream_rq_idle_timeout.value += 1
        self.response_flags |= ResponseFlag.STREAM_IDLE_TIMEOUT
        self._time_out(b"stream timeout", "stream_idle_timeout")

    def on_max_duration(self) -> None:
        """The whole took too long."""
        if self.ended:
            return
        self.manager.stats.downstream_rq_max_duration_reached.value += 1
        self._time_out(b"downstream duration timeout", "max_duration_timeout", ResponseFlag.DURATION_TIMEOUT)

    def on_request_timeout(self) -> None:
        """The request did not come to its end in time."""
        if self.ended or self.request_complete:
            return
        self.manager.stats.downstream_rq_timeout.value += 1
        self._time_out(b"request timeout", "request_overall_timeout")

    def _time_out(self, body: bytes, details: str, flags: int = 0) -> None:
        # Envoy: Utility::maybeRequestTimeoutCode
        status = GATEWAY_TIMEOUT if self.request_complete else REQUEST_TIMEOUT
        self.reply(status, body, details, flags)

    def on_client_blocked(self) -> None:
        """The client reads slower than the response comes."""
        self.chain.router.pause_reading(self)

    def on_client_ready(self) -> None:
        """The client has read."""
        self.chain.router.resume_reading(self)


def _joined(held: "list[tuple[bytes | Headers, bool]] | None") -> "tuple[bytes, list[tuple[bytes | Headers, bool]]]":
    """The body in one piece, and what is held with it: that piece, and the trailers if there are any."""
    pieces = [data for data, _ in held or () if not isinstance(data, Headers)]
    trailers = [data for data, _ in held or () if isinstance(data, Headers)]
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    kept: list[tuple[bytes | Headers, bool]] = [(body, not trailers)]
    return body, [*kept, *((each, True) for each in trailers)]
