"""The HTTP inspector."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulle.proxy.listener.filters.http_inspector import build_http_inspector, detect
from tulle.proxy.listener.listener_filter import MORE
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "protocol"),
    [
        (PREFACE, "h2c"),
        (PREFACE + b"more", "h2c"),
        (PREFACE[:10], None),
        (b"", None),
        (b"GET / HTTP/1.1\r\n", "http/1.1"),
        (b"GET / HTTP/1.1", None),
        (b"GET / HTTP/1.1\n", "http/1.1"),
        (b"CONNECT a:80 HTTP/1.0\r\n", "http/1.0"),
        (b"GET /\r\n", "http/1.0"),
        (b"UNSUBSCRI", None),
        (b"GET", None),
        (b"GRAB / HTTP/1.1", None),
        (b"G(T / HTTP/1.1", ""),
        (b"get / HTTP/1.1\r\n", "http/1.1"),
        (b"lines\r\n", ""),
        (b"GET / HTTP/x\r\n", ""),
        (b"\r\n", ""),
        (b"\x16\x03\x01", ""),
        (b"PRI * HTTP/1.1\r\n", "http/1.1"),
        (b"GET /" + b"a" * 70_000, ""),
    ],
)
def test_the_first_line_tells_the_version(data: bytes, protocol: str | None) -> None:
    assert detect(data) == protocol


@given(st.sampled_from([PREFACE, b"DELETE /x HTTP/1.1\r\n", b"GET / HTTP/1.0\r\n"]), st.data())
def test_no_piece_of_a_request_is_taken_for_something_else(data: bytes, draw: st.DataObject) -> None:
    size = draw.draw(st.integers(0, len(data) - 2))
    assert detect(data[:size]) is None


def test_the_version_becomes_an_application_protocol() -> None:
    store, info = StatsStore(), ConnectionInfo()
    inspector = build_http_inspector(b"", store)
    assert inspector.inspect(b"GET", info) == MORE
    assert inspector.inspect(b"GET / HTTP/1.1\r\n", info) == 0
    assert info.application_protocols == ("http/1.1",)
    assert store.counter("http_inspector.http11_found").value == 1


def test_what_is_not_http_goes_on() -> None:
    store, info = StatsStore(), ConnectionInfo()
    assert build_http_inspector(b"", store).inspect(b"\x00", info) == 0
    assert info.application_protocols == ()
    assert store.counter("http_inspector.http_not_found").value == 1


def test_tls_is_not_looked_into() -> None:
    info = ConnectionInfo()
    info.transport_protocol, info.application_protocols = "tls", ("h2",)
    assert build_http_inspector(b"", StatsStore()).inspect(b"GET", info) == 0
    assert info.application_protocols == ("h2",)
