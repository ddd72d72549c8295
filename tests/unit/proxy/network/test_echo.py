"""The echo filter."""

from tests.support.fake_transport import FakeTransport
from tulle.proxy.network.echo import build_echo
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.telemetry.connection_info import ConnectionInfo

FACTS = ListenerFacts("l", "127.0.0.1:80", "listener.l.", buffer_limit=100)


def test_what_comes_goes_back() -> None:
    echo, transport = build_echo(b"", FACTS), FakeTransport()
    closed: list[bool] = []
    info = ConnectionInfo()
    info.on_closed = lambda: closed.append(True)
    echo.take(transport, info, b"hel")
    transport.receive(b"lo")
    assert (transport.written, transport.limits, echo.connections) == (b"hello", (100, 50), 1)
    transport.receive_eof()
    transport.settle()
    assert (closed, echo.connections) == ([True], 0)


def test_a_client_that_does_not_read_is_not_read_from() -> None:
    echo, transport = build_echo(b"", FACTS), FakeTransport()
    echo.take(transport, ConnectionInfo(), b"")
    transport.protocol.pause_writing()
    assert not transport.reading
    transport.protocol.resume_writing()
    assert transport.reading


def test_a_drain_waits_and_a_close_does_not() -> None:
    echo, transport = build_echo(b"", FACTS), FakeTransport()
    echo.take(transport, ConnectionInfo(), b"")
    echo.drain()
    assert not transport.is_closing()
    echo.close()
    assert transport.aborted
