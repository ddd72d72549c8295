"""What an HTTP filter is; the built-in filters and those of users have the same calls."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tulle.proxy.headers import Headers

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

Verdict = int
CONTINUE: Verdict = 0
# The chain stops until `stream.resume_request()` or `resume_response()`; what comes meanwhile waits in the stream.
PAUSE: Verdict = 1
# Of headers only: the chain stops until `on_request_body` or `on_response_body` has seen the whole body.
BUFFER: Verdict = 2


class HttpFilter:
    """Sees a request on its way up and its response on its way down.

    One object serves all streams of a connection manager; what belongs to one stream is kept in `stream.notes`. Each
    call returns a verdict; after `stream.reply(…)` it counts no more. Bodies come in pieces of any size. A call that a
    class does not override costs nothing. `name` is that of the configuration: settings of routes go by it.
    """

    __slots__ = ("name",)
    name: str

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """The headers are `stream.request`; `end`: there is no body."""
        return CONTINUE

    def on_request_body(self, stream: "Stream", body: bytes) -> Verdict:
        """All of the request's body, for a filter that asked for it by BUFFER; only CONTINUE and PAUSE may follow."""
        return CONTINUE

    def on_request_data(self, stream: "Stream", data: bytes, end: bool) -> Verdict | bytes:
        """A piece of the request's body; bytes go on in its place.

        After PAUSE the piece goes no further: the filter has it, and hands on by `stream.pass_request_data`.
        """
        return CONTINUE

    def on_request_trailers(self, stream: "Stream", trailers: Headers) -> Verdict:
        """The request's trailers; the last of it."""
        return CONTINUE

    def on_response_headers(self, stream: "Stream", end: bool) -> Verdict:
        """The headers are `stream.response`; `end`: there is no body."""
        return CONTINUE

    def on_response_body(self, stream: "Stream", body: bytes) -> Verdict:
        """All of the response's body, for a filter that asked for it by BUFFER; only CONTINUE and PAUSE may follow."""
        return CONTINUE

    def on_response_data(self, stream: "Stream", data: bytes, end: bool) -> Verdict | bytes:
        """A piece of the response's body; bytes and PAUSE as for requests."""
        return CONTINUE

    def on_response_trailers(self, stream: "Stream", trailers: Headers) -> Verdict:
        """The response's trailers; the last of it."""
        return CONTINUE

    def on_stream_end(self, stream: "Stream") -> None:
        """The stream is over, in whatever way; called before it is logged."""


class FilterChain:
    """The filters of a connection manager, with what each of them overrides known in advance.

    `disabled` are the names of those that only serve where a route asks for them.
    """

    __slots__ = (
        "_narrowed",
        "disabled",
        "filters",
        "observers",
        "request_data",
        "request_headers",
        "request_trailers",
        "response_data",
        "response_headers",
        "response_trailers",
        "router",
    )

    def __init__(
        self, filters: tuple[HttpFilter, ...], router: "TerminalFilter", disabled: frozenset[str] = frozenset()
    ) -> None:
        self.filters = filters
        self.router = router
        self.disabled = disabled
        self._narrowed: dict[frozenset[str], FilterChain] = {}
        self.request_headers = _overriding(filters, "on_request_headers")
        self.request_data = _overriding(filters, "on_request_data")
        self.request_trailers = _overriding(filters, "on_request_trailers")
        self.response_headers = _overriding(filters[::-1], "on_response_headers")
        self.response_data = _overriding(filters[::-1], "on_response_data")
        self.response_trailers = _overriding(filters[::-1], "on_response_trailers")
        self.observers = _overriding(filters, "on_stream_end")

    def for_route(self, switched: Mapping[str, bool]) -> "FilterChain":
        """The chain without the filters that are off: `switched` says it by name, and otherwise the default counts."""
        off = frozenset(each.name for each in self.filters if switched.get(each.name, each.name in self.disabled))
        found = self._narrowed.get(off)
        if found is None:
            kept = tuple(each for each in self.filters if each.name not in off)
            found = self._narrowed[off] = FilterChain(kept, self.router)
        return found


def _overriding(filters: tuple[HttpFilter, ...], call: str) -> tuple[HttpFilter, ...]:
    return tuple(each for each in filters if getattr(type(each), call) is not getattr(HttpFilter, call))


class TerminalFilter:
    """The last filter of a chain: takes the request away and brings the response."""

    __slots__ = ()

    def start(self, stream: "Stream", end: bool) -> None:
        """The request has passed all other filters."""
        raise NotImplementedError

    def send_data(self, stream: "Stream", data: bytes, end: bool) -> None:
        """A piece of the request's body."""
        raise NotImplementedError

    def send_trailers(self, stream: "Stream", trailers: Headers) -> None:
        """The request's trailers."""
        raise NotImplementedError

    def abandon(self, stream: "Stream") -> None:
        """The stream ended before its response did."""
        raise NotImplementedError

    def pause_reading(self, stream: "Stream") -> None:
        """The client is slow: take no more of the response for now."""
        raise NotImplementedError

    def resume_reading(self, stream: "Stream") -> None:
        """The client takes more."""
        raise NotImplementedError
