"""The way of a request through the filters to the router."""

from collections.abc import Mapping
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from tulle.proxy.deadlines import Deadlines
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import BUFFER
from tulle.proxy.telemetry.stream_info import StreamInfo

if TYPE_CHECKING:
    from tulle.proxy.http.connection_manager import ConnectionManager
    from tulle.proxy.http.filter_api import HttpFilter
    from tulle.proxy.http.filters.router_request import UpstreamRequest
    from tulle.proxy.http.server_connection import ServerConnection
    from tulle.proxy.http.stream import Stream
    from tulle.proxy.router.message_edits import ResponseEdit
    from tulle.proxy.router.route import Route

PAYLOAD_TOO_LARGE = 413
NOTHING: Mapping[str, Any] = {}
Held = list[tuple[bytes | Headers, bool]]


class RequestPassage(StreamInfo):
    """What is known of a stream, and its way up; `Stream` has the way down and the ends.

    A filter sees `self`, which is always a whole `Stream`.
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
        self._held_request: Held | None = None
        self._next_response_filter = -1  # -1: no filter holds the response back
        self._held_response: Held | None = None
        self.start_time = time()
        self.start = self.active_at = monotonic()  # of the last byte in either direction
        self.downstream = info = connection.info
        self.downstream_remote = info.remote
        self.protocol = connection.protocol_name

    # The request, from the client to the router.

    def begin(self, end: bool) -> None:
        """Lets the request run through the filters; `end`: it has no body."""
        this: Any = self
        self.request_complete = end
        if self.chain.filters:
            self.settle()
            self._run_request_filters(end)
        else:
            self._next_request_filter = -1
            self.chain.router.start(this, end)

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
        this: Any = self
        filters = self.chain.request_headers
        while self._next_request_filter < len(filters):
            current = filters[self._next_request_filter]
            self._next_request_filter += 1
            verdict = current.on_request_headers(this, end)
            if verdict == BUFFER and not end:
                if self._room < 0:
                    self._room = self.manager.buffer_limit
                if self._held_request is not None:
                    self._gather_held()
                return
            self._room = -1
            if verdict or self.response is not None or self.ended:
                return
        self._next_request_filter = -1
        self.chain.router.start(this, end)
        self._release_request()

    def resume_request(self) -> None:
        """Goes on behind the filter that paused the request."""
        if self.ended or self.response is not None or self._next_request_filter < 0:
            return
        self._run_request_filters(self.request_complete and not self._held_request)

    def _release_request(self) -> None:
        this: Any = self
        held, self._held_request = self._held_request, None
        if not held:
            return
        for data, end in held:
            if self.response_complete or self.ended:
                return
            self._pass_request(data, end)
        self.connection.resume_request(this)

    def on_request_data(self, data: bytes, end: bool) -> None:
        """A piece of the body came."""
        this: Any = self
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
                self.chain.router.send_data(this, data, end)
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
        this: Any = self
        gathers = self._room >= 0
        if self._held_request is None:
            self._held_request = []
            if not gathers:
                self.connection.pause_request(this)
        self._held_request.append((data, end))
        if not gathers:
            return
        if not isinstance(data, Headers):
            self._room -= len(data)
            # Envoy lets the filter see the last piece before it would count it; its HTTP/1 codec tells the end apart.
            if self._room < 0 and not (end and self.protocol == "HTTP/2"):
                self._refuse_request()
                return
        if end:
            self._see_request_body()

    def _gather_held(self) -> None:
        """A filter wants the whole body, of which some came while the chain was stopped."""
        this: Any = self
        if self.request_complete:  # Envoy hands all of it on, whatever its size
            self._see_request_body()
            return
        self._room -= sum(len(data) for data, _ in self._held_request or () if not isinstance(data, Headers))
        if self._room < 0:
            self._refuse_request()
        else:
            self.connection.resume_request(this)

    def _refuse_request(self) -> None:
        self._held_request = None
        self.manager.stats.downstream_rq_too_large.value += 1
        self.reply(PAYLOAD_TOO_LARGE, b"Payload Too Large", "request_payload_too_large")

    def _see_request_body(self) -> None:
        """The filter that asked for the whole body sees it."""
        this: Any = self
        current = self.chain.request_headers[self._next_request_filter - 1]
        self._room = -1
        body, self._held_request = joined(self._held_request)
        verdict = current.on_request_body(this, body)
        if not verdict and self.response is None and not self.ended:
            self._run_request_filters(False)

    def _pass_request(self, data: bytes | Headers, end: bool, at: int = 0) -> None:
        """Through the filters of bodies from the one at this place on, and to the router."""
        this: Any = self
        chain = self.chain
        if isinstance(data, Headers):
            for each in chain.request_trailers:
                if each.on_request_trailers(this, data):
                    return
            if not self.response_complete and not self.ended:
                chain.router.send_trailers(this, data)
            return
        for each in chain.request_data[at:]:
            verdict = each.on_request_data(this, data, end)
            if self.response_complete or self.ended:
                return
            if isinstance(verdict, bytes):
                data = verdict
            elif verdict:
                return
        chain.router.send_data(this, data, end)

    def pass_request_data(self, behind: "HttpFilter", data: bytes, end: bool) -> None:
        """A filter gives on what it kept of the body, or made."""
        if not self.response_complete and not self.ended:
            self._pass_request(data, end, self.chain.request_data.index(behind) + 1)

    def reply(
        self, status: int, body: bytes = b"", details: str = "", flags: int = 0, headers: Headers | None = None
    ) -> int:
        """Answers instead of an upstream host."""
        raise NotImplementedError


def joined(held: Held | None) -> tuple[bytes, Held]:
    """The body in one piece, and what is held with it: that piece, and the trailers if there are any."""
    pieces = [data for data, _ in held or () if not isinstance(data, Headers)]
    trailers = [data for data, _ in held or () if isinstance(data, Headers)]
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    kept: Held = [(body, not trailers)]
    return body, [*kept, *((each, True) for each in trailers)]
