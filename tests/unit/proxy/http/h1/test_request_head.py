"""The rules that a request's head keeps to in HTTP/1."""

from typing import Any

import pytest
from httptools import HttpParserUpgrade, HttpRequestParser

from tests.unit.proxy.http.test_settings import proto
from tulle.proxy.headers import Headers
from tulle.proxy.http.h1.request_head import (
    NEW_REQUEST,
    drop_hop_by_hop,
    refusal_of_error,
    refusal_of_head,
)
from tulle.proxy.http.h1.request_line import UNREADABLE
from tulle.proxy.http.request_headers import NO_AUTHORITY
from tulle.proxy.http.settings import ManagerSettings
from tulle.proxy.router.inline_headers import OF_REQUESTS

HTTP_10 = {"accept_http_10": True, "default_host_for_http_10": "default"}


def head(*fields: tuple[bytes, bytes], path: bytes = b"/", authority: bytes = b"a") -> Headers:
    headers = Headers(NEW_REQUEST)
    headers.update({b":path": path, b":authority": authority})
    for name, value in fields:
        if name in headers:
            headers.gather(name, value, OF_REQUESTS)
        else:
            headers[name] = value
    return headers


def refusal(
    headers: Headers, read: int = 0, http10: bool = False, said: dict[str, Any] | None = None
) -> tuple[int, str] | None:
    found = refusal_of_head(headers, ManagerSettings(proto(**said or {})), read, http10)
    return None if found is None else (found[0], found[2])


@pytest.mark.parametrize(
    ("text", "status", "details"),
    [
        ("Request has invalid `Transfer-Encoding`", 501, "http1.invalid_transfer_encoding"),
        ("Invalid HTTP version", 426, "low_version"),
        (
            "Transfer-Encoding can't be present with Content-Length",
            400,
            "http1.content_length_and_chunked_not_allowed",
        ),
        ("Invalid header value char", 400, "http1.invalid_characters"),
        ("Expected CRLF after version", 400, "http1.codec_error"),
    ],
)
def test_an_error_of_the_parser_has_its_answer(text: str, status: int, details: str) -> None:
    assert refusal_of_error(text)[::2] == (status, details)


def test_a_plain_head_is_accepted() -> None:
    assert refusal(head((b"accept", b"*/*"), (b"transfer-encoding", b"chunked")), read=10**6) is None


def test_fields_are_counted_and_the_host_is_one_of_them() -> None:
    limit = {"common_http_protocol_options": {"max_headers_count": 3}}
    two = [(b"x", b"1"), (b"y", b"2")]
    assert refusal(head(*two), said=limit) is None
    assert refusal(head(*two, (b"x", b"3")), said=limit) == (431, "http1.too_many_headers")
    assert refusal(head(*two, (b"z", b"3"), authority=NO_AUTHORITY), said=limit) is None


def test_the_size_counts_only_when_more_was_read() -> None:
    large = head((b"x", b"v" * 70_000))
    assert refusal(large, read=70_100) == (431, "http1.headers_too_large")
    assert refusal(head((b"x", b"v")), read=70_100) is None


def test_two_hosts_are_one_too_many() -> None:
    headers = head()
    headers.gather(b"host", b"b", frozenset())
    headers.gather(b"host", b"c", frozenset())
    assert refusal(headers) == (400, "http.invalid_authority")


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"identity", b"xchunked"])
def test_a_transfer_coding_that_is_not_known_is_refused(coding: bytes) -> None:
    assert refusal(head((b"transfer-encoding", coding))) == (501, "http1.invalid_transfer_encoding")
    assert refusal(head((b"transfer-encoding", b"chunked"), (b"transfer-encoding", coding))) is not None


def test_a_target_that_cannot_be_read_is_refused() -> None:
    assert refusal(head(path=UNREADABLE)) == (400, "http1.invalid_url")


def test_names_with_underscores_are_refused_where_so_said() -> None:
    said = {"common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"}}
    assert refusal(head((b"a_b", b"1")), said=said) == (400, "http1.unexpected_underscore")
    assert refusal(head((b"a_b", b"1"))) is None


def test_http_10_is_refused_unless_accepted_and_then_has_the_default_host() -> None:
    assert refusal(head(), http10=True) == (426, "low_version")
    headers = head(authority=NO_AUTHORITY)
    assert refusal(headers, http10=True, said={"http_protocol_options": HTTP_10}) is None
    assert headers[b":authority"] == b"default"


class _Handler:
    """Takes what the parser calls."""


def parsed(data: bytes) -> HttpRequestParser:
    parser = HttpRequestParser(_Handler())
    parser.feed_data(data)
    return parser


def test_what_is_for_this_connection_only_goes_no_further() -> None:
    headers = head(
        (b"connection", b"close, X-Mine, te"),
        (b"keep-alive", b"timeout=5"),
        (b"proxy-connection", b"close"),
        (b"te", b"trailers, gzip"),
        (b"x-mine", b"1"),
        (b"upgrade", b"websocket"),
        (b"x-other", b"2"),
    )
    drop_hop_by_hop(headers, parsed(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
    assert [field for field in headers.fields() if field[0][:1] != b":"] == [
        (b"x-other", b"2"),
        (b"te", b"trailers"),
    ]
    assert headers[b":path"] == b"/"


class _Upgrade:
    """Drops what goes no further when the head is whole, as the connection does."""

    def __init__(self, headers: Headers, data: bytes) -> None:
        self.headers = headers
        self.parser = HttpRequestParser(self)
        with pytest.raises(HttpParserUpgrade):
            self.parser.feed_data(data)

    def on_headers_complete(self) -> None:
        drop_hop_by_hop(self.headers, self.parser)


def upgraded(kind: bytes) -> Headers:
    headers = head((b"connection", b"Upgrade"), (b"upgrade", kind), (b"http2-settings", b"AAMAAABk"))
    _Upgrade(headers, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: %b\r\n\r\n" % kind)
    return headers


def test_an_upgrade_that_the_client_means_stays() -> None:
    headers = upgraded(b"websocket")
    assert (headers[b"connection"], headers[b"upgrade"]) == (b"Upgrade", b"websocket")


def test_an_upgrade_to_http_2_is_never_taken() -> None:
    headers = upgraded(b"h2c")
    assert not {b"connection", b"upgrade", b"http2-settings"} & set(headers)


def test_an_upgrade_that_is_not_meant_is_dropped() -> None:
    headers = head((b"upgrade", b"websocket"))
    drop_hop_by_hop(headers, parsed(b"GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\r\n"))
    assert b"upgrade" not in headers


@pytest.mark.parametrize(
    "nominated",
    [
        b"x-forwarded-for",
        b"close, X-Forwarded-Host",
        b"x-forwarded-proto",
        b":path",
        b"te",
        b",".join(b"x%d" % index for index in range(10)),
    ],
)
def test_what_a_client_must_not_hide_cannot_be_named(nominated: bytes) -> None:
    headers = head((b"connection", nominated), (b"te", b"x" * 256))
    refusal = drop_hop_by_hop(headers, parsed(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
    assert refusal == (400, b"Bad Request", "http1.connection_header_rejected")


def test_a_host_that_is_named_is_hidden() -> None:
    headers = head((b"connection", b"host, cookie, authorization"), (b"cookie", b"a=b"), (b"authorization", b"c"))
    assert drop_hop_by_hop(headers, parsed(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")) is None
    assert headers[b":authority"] is NO_AUTHORITY
    assert b"cookie" not in headers
    assert b"authorization" not in headers
