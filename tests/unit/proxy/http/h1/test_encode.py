"""Messages as bytes."""

import pytest

from tulle.proxy.headers import Headers
from tulle.proxy.http.h1.encode import encode_chunk, encode_request, encode_response, encode_trailers, status_line


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (b"200", b"HTTP/1.1 200 OK"),
        (b"413", b"HTTP/1.1 413 Payload Too Large"),
        (b"422", b"HTTP/1.1 422 Unprocessable Entity"),
        (b"299", b"HTTP/1.1 299 Unknown"),
        (b"999", b"HTTP/1.1 999 Unknown"),
    ],
)
def test_a_status_has_envoys_words(status: bytes, line: bytes) -> None:
    assert status_line(status) == line


def test_a_response_has_every_value_of_a_name() -> None:
    headers = Headers({b":status": b"200", b"set-cookie": b"a"})
    headers.add(b"set-cookie", b"b")
    assert encode_response(headers, b"x: y") == b"HTTP/1.1 200 OK\r\nset-cookie: a\r\nset-cookie: b\r\nx: y\r\n\r\n"


def test_a_response_without_fields_is_a_line_and_nothing() -> None:
    assert encode_response(Headers({b":status": b"204"})) == b"HTTP/1.1 204 No Content\r\n\r\n"


def test_a_request_names_its_host() -> None:
    headers = Headers({b":method": b"GET", b":path": b"/p", b":authority": b"a", b":scheme": b"http", b"x": b"1"})
    assert encode_request(headers) == b"GET /p HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n"
    headers.add(b"x", b"2")
    assert encode_request(headers, b"y: z") == b"GET /p HTTP/1.1\r\nhost: a\r\nx: 1\r\nx: 2\r\ny: z\r\n\r\n"


def test_a_chunk_tells_its_size_in_hex() -> None:
    assert encode_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


def test_trailers_follow_the_last_chunk() -> None:
    assert encode_trailers(Headers({b"a": b"1", b"b": b"2"})) == b"0\r\na: 1\r\nb: 2\r\n\r\n"
