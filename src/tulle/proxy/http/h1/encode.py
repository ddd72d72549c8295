"""Messages as HTTP/1.1 bytes. Pseudo headers stand first in `Headers`: four of a request, one of a response."""

from http import HTTPStatus

from tulle.proxy.headers import Headers

_field = b": ".join

LAST_CHUNK = b"0\r\n\r\n"
CONTINUE_LINE = b"HTTP/1.1 100 Continue\r\n\r\n"

# Envoy: codes.cc; where it names a status otherwise than the standard library does.
_ENVOY_REASONS = {
    413: "Payload Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Entity",
}


def _status_line(code: int) -> bytes:
    try:
        reason = _ENVOY_REASONS.get(code) or HTTPStatus(code).phrase
    except ValueError:
        reason = "Unknown"
    return f"HTTP/1.1 {code} {reason}".encode()


STATUS_LINES: dict[bytes, bytes] = {b"%d" % code: _status_line(code) for code in range(100, 600)}


def status_line(status: bytes) -> bytes:
    """`HTTP/1.1 200 OK`."""
    return STATUS_LINES.get(status) or b"HTTP/1.1 %b Unknown" % status


def encode_response(headers: Headers, *extra: bytes) -> bytes:
    """Status line, fields, and whole lines that are added to them."""
    fields = iter(headers.items())
    _, status = next(fields)
    if headers.more is None:
        return b"\r\n".join([STATUS_LINES.get(status) or status_line(status), *map(_field, fields), *extra, b"\r\n"])
    more = map(_field, headers.more)
    return b"\r\n".join([status_line(status), *map(_field, fields), *more, *extra, b"\r\n"])


def encode_request(headers: Headers, *extra: bytes) -> bytes:
    """Request line, `host`, fields, and whole lines that are added to them."""
    start = b"%b %b HTTP/1.1\r\nhost: %b" % (headers[b":method"], headers[b":path"], headers[b":authority"])
    fields = iter(headers.items())
    # The pseudo headers. Four calls cost less than the machinery that would do them in one.
    next(fields), next(fields), next(fields), next(fields)
    if headers.more is None:
        return b"\r\n".join([start, *map(_field, fields), *extra, b"\r\n"])
    return b"\r\n".join([start, *map(_field, fields), *map(_field, headers.more), *extra, b"\r\n"])


def encode_chunk(data: bytes) -> bytes:
    """One chunk (RFC 9112 § 7.1); `data` is not empty, as an empty chunk would be the last."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def encode_trailers(trailers: Headers) -> bytes:
    """The last chunk with trailer fields behind it."""
    return b"".join([b"0\r\n", *(b"%b: %b\r\n" % field for field in trailers.fields()), b"\r\n"])
