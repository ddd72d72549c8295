"""Header blocks as headers."""

from tests.support.h2_peer import GET
from tulle.proxy.http.h2.fields import request_headers, response_headers, trailer_headers

PSEUDO = [b":method", b":path", b":authority", b":scheme"]


def test_pseudo_headers_stand_first_in_one_order() -> None:
    shuffled = [GET[3], GET[2], GET[0], GET[1], (b"x", b"1")]
    headers = request_headers(shuffled)
    assert sorted(list(headers)[:4]) == sorted(PSEUDO)
    assert headers[b":path"] == b"/"
    assert headers[b"x"] == b"1"


def test_what_is_missing_of_them_is_there_and_empty() -> None:
    headers = request_headers([(b":method", b"CONNECT"), (b":authority", b"a:1")])
    assert list(headers)[:4] == PSEUDO
    assert (headers[b":path"], headers[b":authority"]) == (b"", b"a:1")


def test_host_stands_in_for_authority_and_goes() -> None:
    headers = request_headers([GET[0], GET[1], GET[3], (b"host", b"b")])
    assert headers[b":authority"] == b"b"
    assert b"host" not in headers
    headers = request_headers([*GET, (b"host", b"b")])
    assert headers[b":authority"] == b"a"
    assert b"host" not in headers


def test_cookies_are_joined_and_other_names_are_not() -> None:
    headers = request_headers([*GET, (b"cookie", b"a"), (b"x", b"1"), (b"cookie", b"b"), (b"x", b"2")])
    assert headers.values_of(b"cookie") == [b"a; b"]
    assert headers.values_of(b"x") == [b"1", b"2"]


def test_a_response_keeps_every_cookie() -> None:
    headers = response_headers([(b":status", b"200"), (b"set-cookie", b"a"), (b"set-cookie", b"b")])
    assert next(iter(headers)) == b":status"
    assert headers.values_of(b"set-cookie") == [b"a", b"b"]


def test_trailers_are_as_they_came() -> None:
    assert list(trailer_headers([(b"a", b"1"), (b"a", b"2")]).fields()) == [(b"a", b"1"), (b"a", b"2")]
