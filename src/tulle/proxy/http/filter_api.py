"""What an HTTP filter is; the built-in filters and those of users have the same calls."""

from typing import TYPE_CHECKING

from tulle.proxy.headers import Headers

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

Verdict = int
CONTINUE: Verdict = 0
# The chain stops until `stream.resume_request()` or `resume_response()`; what comes meanwhile waits in the stream.
PAUSE: Verdict = 1


class HttpFilter:
    """Sees a request on its way up and its response on its way down.

    Each call returns CONTINUE or PAUSE; after `stream.reply(…)` the verdict counts no more. Bodies come in pieces of
    any size. A call that a class does not override costs nothing.
    """

    __slots__ = ()
    name = ""

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """The headers are `stream.request`; `end`: there is no body."""
        return CONTINUE

    def on_request_data(self, stream: "Stream", data: bytes, end: bool) -> Verdict:
        """A piece of the request's body."""
        return CONTINUE

    def on_request_trailers(self, stream: "Stream", trailers: Headers) -> Verdict:
        """The request's trailers; the last of it."""
        return CONTINUE

    def on_response_headers(self, stream: "Stream", end: bool) -> Verdict:
        """The headers are `stream.response`; `end`: there is no body."""
        return CONTINUE

    def on_response_data(self, stream: "Stream", data: bytes, end: bool) -> Verdict:
        """A piece of the response's body."""
        return CONTINUE

    def on_response_trailers(self, stream: "Stream", trailers: Headers) -> Verdict:
        """The response's trailers; the last of it."""
        return CONTINUE

    def on_stream_end(self, stream: "Stream") -> None:
        """The stream is over, in whatever way; called before it is logged."""


class FilterChain:
    """The filters of a connection manager, with what each of them overrides known in advance."""

    __slots__ = (
        "filters",
        "observers",
        "request_data",
        "request_headers",
        "response_data",
        "response_headers",
        "router",
    )

    def __init__(self, filters: tuple[HttpFilter, ...], router: "TerminalFilter") -> None:
        self.filters = filters
        self.router = router
        self.request_headers = _overriding(filters, "on_request_headers")
        self.request_data = _overriding(filters, "on_request_data", "on_request_trailers")
        self.response_headers = _overriding(filters[::-1], "on_response_headers")
        self.response_data = _overriding(filters[::-1], "on_response_data", "on_response_trailers")
        self.observers = _overriding(filters, "on_stream_end")


def _overriding(filters: tuple[HttpFilter, ...], *calls: str) -> tuple[HttpFilter, ...]:
    return tuple(
        each for each in filters if any(getattr(type(each), call) is not getattr(HttpFilter, call) for call in calls)
    )


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
