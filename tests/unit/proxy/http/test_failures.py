"""A filter of our own raises: the client hears of it, the log has the traceback, everything else goes on."""

from typing import Any

import pytest

from tests.support.h2_peer import GET, POST
from tests.support.http_bench import HttpBench, head_of
from tulle.proxy.headers import Headers
from tulle.proxy.http.connection_manager import ConnectionManager
from tulle.proxy.http.failures import fail_stream
from tulle.proxy.http.filter_api import HttpFilter, Verdict

URL = "type.googleapis.com/google.protobuf.Empty"
REQUEST = b"GET /%b HTTP/1.1\r\nhost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
TO_D = [{"match": {"prefix": "/"}, "route": {"cluster": "d"}}]


class Broken(HttpFilter):
    """Raises in the calls that it is told to."""

    def __init__(self, *calls: str) -> None:
        self.calls = list(calls)

    def _maybe_raise(self, call: str) -> Verdict:
        if call in self.calls:
            self.calls.remove(call)
            raise ZeroDivisionError(call)
        return 0

    def on_request_headers(self, stream: Any, end: bool) -> Verdict:
        return self._maybe_raise("request_headers")

    def on_request_data(self, stream: Any, data: bytes, end: bool) -> Verdict:
        return self._maybe_raise("request_data")

    def on_request_trailers(self, stream: Any, trailers: Headers) -> Verdict:
        return self._maybe_raise("request_trailers")

    def on_response_headers(self, stream: Any, end: bool) -> Verdict:
        return self._maybe_raise("response_headers")

    def on_response_data(self, stream: Any, data: bytes, end: bool) -> Verdict:
        return self._maybe_raise("response_data")

    def on_response_trailers(self, stream: Any, trailers: Headers) -> Verdict:
        return self._maybe_raise("response_trailers")

    def on_stream_end(self, stream: Any) -> None:
        self._maybe_raise("stream_end")


def broken(bench: HttpBench, *calls: str, routes: list[dict[str, Any]] | None = None) -> ConnectionManager:
    bench.filters[URL] = Broken(*calls)
    return bench.manager(routes)


def traces(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was raised, by the tracebacks in the log."""
    return [str(record.exc_info[1]) for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("call", ["request_headers", "request_data"])
def test_a_request_that_we_fail_at_gets_500_and_ends_its_connection(
    bench: HttpBench, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    client = bench.connect(broken(bench, call), b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello")
    line, fields = head_of(client.written)
    assert (line, fields[b"connection"]) == (b"HTTP/1.1 500 Internal Server Error", b"close")
    assert traces(caplog) == [call]
    assert bench.log[0].split()[3:6] == ["500", "internal_error", "-"]
    assert bench.http("downstream_cx_protocol_error") == 0
    assert not bench.runtime.reading
    bench.turn(2.0)
    assert not any("rq_active" in name or "downstream" in name for name in bench.leftovers())


def test_a_request_that_we_fail_at_again_ends_its_connection(
    bench: HttpBench, caplog: pytest.LogCaptureFixture
) -> None:
    client = bench.connect(broken(bench, "request_headers", "response_headers"), REQUEST)
    assert client.aborted
    assert traces(caplog) == ["request_headers", "response_headers"]
    bench.turn()
    assert not any("rq_active" in name or "downstream" in name for name in bench.leftovers())


@pytest.mark.parametrize(("call", "begun"), [("response_headers", b""), ("response_data", b"HTTP/1.1 200 OK")])
def test_a_response_that_we_fail_at_is_cut(
    bench: HttpBench, caplog: pytest.LogCaptureFixture, call: str, begun: bytes
) -> None:
    client = bench.connect(broken(bench, call), REQUEST)
    up = bench.upstream()
    up.receive(OK)
    assert client.is_closing()
    assert client.written.startswith(begun)
    assert up.aborted
    assert traces(caplog) == [call]
    assert bench.of("c", "upstream_cx_protocol_error") == 0
    bench.turn()
    assert not any("rq_active" in name or "downstream" in name for name in bench.leftovers())


def test_an_end_that_we_fail_at_ends_the_connection(bench: HttpBench, caplog: pytest.LogCaptureFixture) -> None:
    client = bench.connect(broken(bench, "stream_end"), REQUEST)
    bench.upstream().receive(OK)
    assert client.aborted
    assert traces(caplog) == ["stream_end"]


def test_a_parser_that_fails_without_a_stream_ends_the_connection(
    bench: HttpBench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ZeroDivisionError("head")

    monkeypatch.setattr("tulle.proxy.http.h1.server.drop_hop_by_hop", refuse)
    client = bench.connect(bench.manager(), b"GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n")
    assert client.aborted
    assert traces(caplog) == ["head"]


@pytest.mark.parametrize("call", ["request_headers", "request_data", "request_trailers"])
def test_a_stream_that_we_fail_at_gets_500_alone(bench: HttpBench, caplog: pytest.LogCaptureFixture, call: str) -> None:
    client = bench.connect_h2(broken(bench, call))
    stream = client.request(POST, b"hello", end=False)
    if call == "request_trailers":
        client.machine.send_trailers(stream, [(b"x", b"y")])
        client.exchange()
    bench.turn()
    client.exchange()
    assert client.headers(stream)[b":status"] == b"500"
    assert traces(caplog) == [call]
    other = client.request(GET)
    bench.upstream().receive(OK)
    bench.turn()
    client.exchange()
    assert client.headers(other)[b":status"] == b"200"


@pytest.mark.parametrize("call", ["response_headers", "response_data", "response_trailers"])
def test_a_response_over_http_2_that_we_fail_at_is_cut_alone(
    bench: HttpBench, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    client = bench.connect(broken(bench, call, routes=TO_D), REQUEST)
    host = bench.upstream_h2()
    host.respond(1, body=b"hi", end=call != "response_trailers")
    if call == "response_trailers":
        host.machine.send_trailers(1, [(b"x", b"y")])
        host.exchange()
    assert client.is_closing()
    assert not host.transport.is_closing()
    assert traces(caplog) == [call]


def test_an_event_of_http_2_that_we_fail_at_ends_the_connection(
    bench: HttpBench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ZeroDivisionError("fields")

    client = bench.connect_h2(bench.manager(TO_D))
    client.request()
    host = bench.upstream_h2()
    monkeypatch.setattr("tulle.proxy.http.h2.client.response_headers", refuse)
    monkeypatch.setattr("tulle.proxy.http.h2.client._too_large", refuse)
    host.machine.send_response(1, [(b":status", b"200"), *((b"x%d" % index, b"y") for index in range(100))])
    host.exchange()
    assert host.transport.is_closing()
    monkeypatch.setattr("tulle.proxy.http.h2.server.request_headers", refuse)
    client.request()
    assert client.transport.aborted
    assert traces(caplog) == ["fields", "fields"]
    assert not bench.runtime.reading


def test_a_stream_that_is_over_takes_its_connection_along(bench: HttpBench, caplog: pytest.LogCaptureFixture) -> None:
    client = bench.connect(bench.manager(), REQUEST)
    (stream,) = client.protocol.streams()
    bench.upstream().receive(OK)
    assert not client.aborted
    fail_stream(stream, ZeroDivisionError("late"))
    assert client.aborted
    assert traces(caplog) == ["late"]
