"""One proxied connection: the wait for its upstream, its limits of time and size."""

from tests.support.fake_transport import FakeTransport
from tests.unit.proxy.network.conftest import TcpBench
from tulle.proxy.network.tcp_session import limit_buffer


def test_bytes_wait_for_the_upstream_connection(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy(), b"one ")
    down.receive(b"two ")
    up = bench.connector.attempts[0].succeed()
    down.receive(b"three")
    assert up.written == b"one two three"


def test_a_client_that_sends_much_before_is_stopped_and_resumed(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy())
    down.receive(b"x" * 100)
    assert down.reading
    down.receive(b"x")
    assert not down.reading
    up = bench.connector.attempts[0].succeed()
    assert down.reading
    assert len(up.written) == 101


def test_the_end_of_a_short_request_is_passed_on_when_connected(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy(), b"request")
    down.receive_eof()
    up = bench.connector.attempts[0].succeed()
    assert (up.written, up.wrote_eof) == (b"request", True)
    up.receive(b"response")
    up.receive_eof()
    assert down.written == b"response"
    assert down.is_closing()


def test_a_refused_connection_is_tried_again(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy(max_connect_attempts=2), b"hello")
    bench.connector.attempts[0].fail()
    assert not down.is_closing()
    assert bench.connector.attempts[1].succeed().written == b"hello"


def test_attempts_come_to_an_end(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy(max_connect_attempts=2))
    for attempt in (0, 1):
        bench.connector.attempts[attempt].fail()
    assert down.aborted
    down.settle()
    (line,) = bench.log
    flags, _, rest = line.partition(" ")
    assert set(flags.split(",")) == {"UF", "URX"}
    assert rest == "0 0 127.0.0.1:8080 c delayed_connect_error:_Connection_refused 0 127.0.0.1:5000 -"
    counters = bench.counters()
    assert counters["cluster.c.upstream_cx_connect_attempts_exceeded"] == 1
    assert counters["cluster.c.upstream_cx_connect_fail"] == 2
    assert bench.gauges() == {}


def test_a_client_that_leaves_early_cancels_the_attempt(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy())
    down.reset()
    assert bench.connector.attempts[0].cancelled
    assert bench.closed == 1
    assert bench.gauges() == {}


def test_an_idle_connection_is_closed(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy(idle_timeout="10s"))
    up = bench.connector.attempts[0].succeed()
    bench.clock.turn(6)
    up.receive(b"x")
    bench.clock.turn(6)
    assert not down.is_closing()
    bench.clock.turn(3.9)
    assert not down.is_closing()
    bench.clock.turn(0.2)
    assert down.aborted
    assert up.aborted
    assert bench.counters()["tcp.t.idle_timeout"] == 1


def test_an_hour_is_the_default_and_zero_is_never(bench: TcpBench) -> None:
    usual, patient = bench.connect(bench.proxy()), bench.connect(bench.proxy(idle_timeout="0s"))
    bench.clock.turn(3600)
    assert usual.aborted
    assert not patient.aborted


def test_a_connection_may_last_only_so_long(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy(max_downstream_connection_duration="5s"))
    up = bench.connector.attempts[0].succeed()
    bench.clock.turn(5)
    for transport in (down, up):
        assert transport.aborted
        transport.settle()
    assert bench.log == ["DT 0 0 127.0.0.1:8080 c - 5000 127.0.0.1:5000 127.0.0.1:40000"]
    assert bench.counters()["tcp.t.max_downstream_connection_duration"] == 1


def test_both_buffers_have_their_limits(bench: TcpBench) -> None:
    bench.add_cluster("c", per_connection_buffer_limit_bytes=64)
    down = bench.connect(bench.proxy())
    up = bench.connector.attempts[0].succeed()
    assert down.limits == (100, 50)
    assert up.limits == (64, 32)


def test_writing_is_resumed_at_half_of_the_limit() -> None:
    transport = FakeTransport()
    limit_buffer(transport, 1000)
    assert transport.limits == (1000, 500)
