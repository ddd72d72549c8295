"""Cookies that bind a client to a host."""

from tulle.proxy.http.filters.session_cookie import cookie_value, set_cookie
from tulle.proxy.router.hash_policy import CookieWanted
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stream_info import StreamInfo


def test_a_connection_has_one_value() -> None:
    info, other = StreamInfo(), StreamInfo()
    info.downstream_remote, other.downstream_remote = "1.1.1.1:1", "1.1.1.1:2"
    info.downstream = other.downstream = ConnectionInfo()
    value = cookie_value(info)
    assert value == cookie_value(info)
    assert value != cookie_value(other)
    assert len(value) == 16
    int(value, 16)


def test_a_cookie_says_what_was_configured() -> None:
    wanted = CookieWanted(b"name", b"/p", 60, ((b"Secure", b""), (b"SameSite", b"Lax")))
    assert set_cookie(wanted, b"v") == b'name="v"; Max-Age=60; Path=/p; Secure; SameSite=Lax; HttpOnly'
