"""Header blocks of HTTP/2 as `Headers`; nghttp2 sees to it that pseudo headers are first and names in lower case."""

from collections.abc import Sequence

from tulle.proxy.headers import Field, Headers
from tulle.proxy.http.request_headers import NO_AUTHORITY
from tulle.proxy.router.inline_headers import OF_REQUESTS, OF_RESPONSES

_PSEUDO = (b":method", b":path", b":authority", b":scheme")
_COLON = 58


def request_headers(fields: Sequence[Field]) -> Headers:
    """With exactly the four pseudo headers first; one that is missing is empty, `host` stands in for `:authority`."""
    headers = Headers(fields)
    count = len(fields)
    plain = (
        len(headers) == count
        and count >= len(_PSEUDO)
        and fields[3][0][0] == _COLON
        and (count == len(_PSEUDO) or fields[4][0][0] != _COLON)
        and b"host" not in headers
    )
    return headers if plain else _in_order(fields)


def _in_order(fields: Sequence[Field]) -> Headers:
    headers = Headers(dict.fromkeys(_PSEUDO, b""))
    headers[b":authority"] = NO_AUTHORITY
    for name, value in fields:
        if name in _PSEUDO:
            headers[name] = value
        elif name == b"host":
            if headers[b":authority"] is NO_AUTHORITY:
                headers[b":authority"] = value
        elif name == b"cookie" and name in headers:
            headers[name] = headers[name] + b"; " + value  # RFC 9113 § 8.2.3
        elif name[:1] != b":":
            headers.gather(name, value, OF_REQUESTS)
    return headers


def response_headers(fields: Sequence[Field]) -> Headers:
    """With `:status` first."""
    headers = Headers(fields)
    if len(headers) != len(fields):
        headers = Headers()
        for name, value in fields:
            headers.gather(name, value, OF_RESPONSES)
    return headers


def trailer_headers(fields: Sequence[Field]) -> Headers:
    """As they are."""
    return Headers.of(fields)
