"""The target of a request line."""

import pytest

from tulle.proxy.http.h1.request_line import UNREADABLE, request_target


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        (b"GET", b"/a?b", (b"/a?b", b"")),
        (b"OPTIONS", b"*", (b"*", b"")),
        (b"CONNECT", b"a:443", (b"", b"a:443")),
        (b"GET", b"http://a", (b"/", b"a")),
        (b"GET", b"http://a/", (b"/", b"a")),
        (b"GET", b"HTTPS://a:8443/b/c?d#e", (b"/b/c?d#e", b"a:8443")),
        (b"GET", b"http://a?b", (b"/?b", b"a")),
    ],
)
def test_a_target_is_a_path_and_perhaps_a_host(method: bytes, target: bytes, expected: tuple[bytes, bytes]) -> None:
    assert request_target(method, target, allow_absolute=True) == expected


@pytest.mark.parametrize("target", [b"a", b"ftp://a/b", b"http://", b"://a", b""])
def test_a_target_in_none_of_the_forms_is_unreadable(target: bytes) -> None:
    assert request_target(b"GET", target, allow_absolute=True)[0] is UNREADABLE


def test_an_absolute_target_stays_where_it_is_not_allowed() -> None:
    assert request_target(b"GET", b"http://a/b", allow_absolute=False) == (b"http://a/b", b"")
