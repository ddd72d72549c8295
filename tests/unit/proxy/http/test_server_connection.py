"""What connections of both versions have in common: idling, ageing, slow streams, the late end."""

import pytest

from tests.support.fake_transport import FakeTransport
from tests.support.http_bench import HttpBench, body_of, head_of
from tulle.proxy.http.server_connection import ServerConnection

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
DIRECT = [{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "direct"}}}]
IDLE = {"common_http_protocol_options": {"idle_timeout": "10s"}}


def test_a_connection_that_never_asks_is_closed(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(**IDLE))
    bench.turn(9.9)
    assert not client.is_closing()
    bench.turn(0.2)
    assert client.is_closing()
    assert bench.http("downstream_cx_idle_timeout") == 1


def test_the_time_to_idle_begins_anew_with_each_response(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT, **IDLE))
    for _ in range(3):
        bench.turn(9.0)
        client.receive(GET)
    bench.turn(9.0)
    assert not client.is_closing()
    bench.turn(1.1)
    assert client.is_closing()


def test_a_connection_with_a_request_does_not_idle(bench: HttpBench) -> None:
    client = bench.connect(
        bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s"}}], **IDLE), GET
    )
    up = bench.upstream()
    bench.turn(30.0)
    up.receive(OK)
    assert client.written.endswith(b"hi")
    bench.turn(9.0)
    assert not client.is_closing()
    bench.turn(1.1)
    assert client.is_closing()


@pytest.mark.parametrize("timeout", ["0s", None])
def test_a_connection_may_idle_for_long(bench: HttpBench, timeout: str | None) -> None:
    options = {"common_http_protocol_options": {"idle_timeout": timeout}} if timeout else {}
    client = bench.connect(bench.manager(**options))
    bench.turn(3599.0)
    assert not client.is_closing()
    bench.turn(2.0)
    assert client.is_closing() is (timeout is None)


def test_a_connection_ends_at_its_age(bench: HttpBench) -> None:
    manager = bench.manager(common_http_protocol_options={"max_connection_duration": "10s"})
    idle, busy = bench.connect(manager), bench.connect(manager, GET)
    up = bench.upstream()
    bench.turn(10.0)
    assert idle.is_closing()
    assert not busy.is_closing()
    up.receive(OK)
    assert head_of(busy.written)[1][b"connection"] == b"close"
    assert busy.is_closing()
    assert bench.http("downstream_cx_max_duration_reached") == 2


def test_a_connection_that_is_gone_does_not_age(bench: HttpBench) -> None:
    manager = bench.manager(common_http_protocol_options={"max_connection_duration": "10s", "idle_timeout": "5s"})
    bench.connect(manager).reset()
    bench.turn(20.0)
    assert bench.http("downstream_cx_max_duration_reached") == 0
    assert bench.http("downstream_cx_idle_timeout") == 0


# Streams that stand still.


def stalled(bench: HttpBench, request: bytes, response: bytes = b"") -> tuple[FakeTransport, FakeTransport]:
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s"}}]
    client = bench.connect(bench.manager(routes, stream_idle_timeout="10s"), request)
    up = bench.upstream()
    if response:
        up.receive(response)
    return client, up


def test_a_request_that_stands_still_gets_408(bench: HttpBench) -> None:
    client, up = stalled(bench, b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\na")
    bench.turn(9.0)
    client.receive(b"b")
    bench.turn(9.0)
    assert client.written == b""
    bench.turn(1.1)
    assert head_of(client.written)[0] == b"HTTP/1.1 408 Request Timeout"
    assert body_of(client.written) == b"stream timeout"
    assert up.aborted
    assert bench.log[0].split()[3:6] == ["408", "stream_idle_timeout", "SI"]
    assert bench.http("downstream_rq_idle_timeout") == 1
    bench.turn(1.0)
    assert bench.leftovers() == {}


def test_a_response_that_does_not_begin_gets_504(bench: HttpBench) -> None:
    client, up = stalled(bench, GET)
    bench.turn(10.1)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    assert up.aborted
    assert bench.log[0].split()[3:6] == ["504", "stream_idle_timeout", "SI"]
    assert not client.is_closing()


def test_a_response_that_stands_still_is_cut(bench: HttpBench) -> None:
    client, up = stalled(bench, GET, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na")
    bench.turn(9.0)
    up.receive(b"b")
    bench.turn(9.0)
    assert not client.is_closing()
    bench.turn(1.1)
    assert client.is_closing()
    assert up.aborted
    assert bench.log[0].split()[3:6] == ["200", "stream_idle_timeout", "SI"]


def test_streams_of_one_connection_stand_still_on_their_own(bench: HttpBench) -> None:
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s"}}]
    peer = bench.connect_h2(bench.manager(routes, stream_idle_timeout="10s"))
    first = peer.request()
    bench.turn(5.0)
    second = peer.request()
    bench.turn(5.1)
    peer.exchange()
    assert (peer.status(first), peer.status(second)) == (b"504", None)
    bench.turn(5.0)
    assert peer.status(second) == b"504"


# The late end.


def test_a_client_that_still_sends_has_time_to_read_its_answer(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(delayed_close_timeout="3s"), b"nonsense\r\n\r\n")
    bench.turn(2.9)
    assert not client.is_closing()
    bench.turn(0.2)
    assert client.aborted
    assert bench.http("downstream_cx_delayed_close_timeout") == 1


def test_a_client_that_leaves_in_that_time_is_not_counted_as_late(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"nonsense\r\n\r\n")
    client.reset()
    bench.turn(2.0)
    assert bench.http("downstream_cx_delayed_close_timeout") == 0


def test_no_delay_closes_at_once(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(delayed_close_timeout="0s"), b"nonsense\r\n\r\n")
    assert client.is_closing()
    assert not client.aborted


@pytest.mark.parametrize("codec", ["HTTP1", "HTTP2", "AUTO"])
def test_no_timer_holds_a_connection_that_is_gone(bench: HttpBench, codec: str) -> None:
    ages = {"common_http_protocol_options": {"idle_timeout": "3600s", "max_connection_duration": "7200s"}}
    manager = bench.manager(DIRECT, codec_type=codec, **ages)
    client = bench.connect(manager) if codec == "HTTP1" else bench.connect_h2(manager).transport
    assert bench.clock.holds(ServerConnection)
    if codec == "HTTP1":
        client.receive(b"nonsense\r\n\r\n")  # closed late
    else:
        bench.runtime.draining = True
        manager.drain()  # goes away late
    client.close()
    client.settle()
    assert not bench.clock.holds(ServerConnection)
