"""Header blocks of HTTP/2 as `Headers`; nghttp2 sees to it that pseudo headers are first and names in lower case."""

from collections.abc import Sequence

from tulle.proxy.headers import Field, Headers

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
    found = dict.fromkeys(_PSEUDO, b"")
    rest: list[Field] = []
    cookies: list[bytes] = []
    host = b""
    for name, value in fields:
        if name in found:
            found[name] = value
        elif name == b"cookie":
            cookies.append(value)
        elif name == b"host":
            host = value
        elif name[:1] != b":":
            rest.append((name, value))
    found[b":authority"] = found[b":authority"] or host
    headers = Headers(found)
    for name, value in rest:
        headers.add(name, value)
    if cookies:
        headers[b"cookie"] = b"; ".join(cookies)  # RFC 9113 § 8.2.3
    return headers


def response_headers(fields: Sequence[Field]) -> Headers:
    """With `:status` first."""
    headers = Headers(fields)
    return headers if len(headers) == len(fields) else Headers.of(fields)


def trailer_headers(fields: Sequence[Field]) -> Headers:
    """As they are."""
    return Headers.of(fields)
