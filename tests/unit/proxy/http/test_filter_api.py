"""What a chain knows of its filters in advance."""

from typing import Any

from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import CONTINUE, FilterChain, HttpFilter, TerminalFilter, Verdict


class Up(HttpFilter):
    def on_request_headers(self, stream: Any, end: bool) -> Verdict:
        return CONTINUE

    def on_request_trailers(self, stream: Any, trailers: Headers) -> Verdict:
        return CONTINUE


class Down(HttpFilter):
    def on_response_headers(self, stream: Any, end: bool) -> Verdict:
        return CONTINUE

    def on_response_data(self, stream: Any, data: bytes, end: bool) -> Verdict:
        return CONTINUE

    def on_stream_end(self, stream: Any) -> None:
        return None


def test_only_filters_that_look_are_called() -> None:
    up, down, nothing, other = Up(), Down(), HttpFilter(), Down()
    chain = FilterChain((up, down, nothing, other), TerminalFilter())
    assert chain.filters == (up, down, nothing, other)
    assert chain.request_headers == (up,)
    assert chain.request_data == ()
    assert chain.request_trailers == (up,)
    assert chain.response_headers == (other, down)
    assert chain.response_data == (other, down)
    assert chain.observers == (down, other)


def test_a_filter_that_does_nothing_lets_everything_pass() -> None:
    plain, stream = HttpFilter(), object()
    calls: list[Verdict] = [
        plain.on_request_headers(stream, True),  # type: ignore[arg-type]
        plain.on_request_data(stream, b"", True),  # type: ignore[arg-type]
        plain.on_request_trailers(stream, Headers()),  # type: ignore[arg-type]
        plain.on_response_headers(stream, True),  # type: ignore[arg-type]
        plain.on_response_data(stream, b"", True),  # type: ignore[arg-type]
        plain.on_response_trailers(stream, Headers()),  # type: ignore[arg-type]
    ]
    assert set(calls) == {CONTINUE}


def test_a_chain_for_a_route_leaves_out_what_is_off() -> None:
    one, two = Up(), Down()
    one.name, two.name = "one", "two"
    chain = FilterChain((one, two), TerminalFilter(), frozenset({"two"}))
    assert chain.for_route({}).filters == (one,)
    assert chain.for_route({"two": False}).filters == (one, two)
    assert chain.for_route({"one": True}).filters == ()
    assert chain.for_route({"one": True}) is chain.for_route({"one": True, "other": True})
