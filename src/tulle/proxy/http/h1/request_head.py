"""What a request's head must keep to in HTTP/1, and what of it goes no further than this connection."""

from httptools import HttpRequestParser

from tulle.proxy.headers import Headers
from tulle.proxy.http.h1.request_line import UNREADABLE
from tulle.proxy.http.request_headers import NO_AUTHORITY, drop_underscores
from tulle.proxy.http.settings import UNDERSCORES_ALLOW, ManagerSettings

NEW_REQUEST = {b":method": b"", b":path": b"", b":authority": b"", b":scheme": b"http"}
HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"te"})
# Envoy: Utility::sanitizeConnectionHeader
_MOST_NOMINATED = 10
_LONGEST_TE = 256
_NEVER_NOMINATED = frozenset({b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"})
_PSEUDO = len(NEW_REQUEST)
_ABOUT_CONNECTION = frozenset({b"close", b"keep-alive", b"upgrade", b"http2-settings", b"te", b""})

# Status, body and details of the answer to what is no request.
Refusal = tuple[int, bytes, str]

_TOO_LARGE: Refusal = (431, b"Request Header Fields Too Large", "http1.headers_too_large")
_TOO_MANY: Refusal = (431, b"Request Header Fields Too Large", "http1.too_many_headers")
_TWO_HOSTS: Refusal = (400, b"Bad Request", "http.invalid_authority")
_INVALID_URL: Refusal = (400, b"Bad Request", "http1.invalid_url")
_CODING: Refusal = (501, b"Not Implemented", "http1.invalid_transfer_encoding")
_UNDERSCORE: Refusal = (400, b"Bad Request", "http1.unexpected_underscore")
_LOW_VERSION: Refusal = (426, b"Upgrade Required", "low_version")
_NOMINATED: Refusal = (400, b"Bad Request", "http1.connection_header_rejected")
_BOTH_LENGTHS: Refusal = (400, b"Bad Request", "http1.content_length_and_chunked_not_allowed")
_CODEC: Refusal = (400, b"Bad Request", "http1.codec_error")

# A part of what llhttp says → the answer.
_ERRORS: dict[str, Refusal] = {
    "`Transfer-Encoding`": _CODING,
    "Invalid HTTP version": _LOW_VERSION,
    "Content-Length can't be present with": _BOTH_LENGTHS,
    "Transfer-Encoding can't be present with": _BOTH_LENGTHS,
    "Invalid header value char": (400, b"Bad Request", "http1.invalid_characters"),
}


def refusal_of_error(text: str) -> Refusal:
    """The answer to what the parser cannot read, by what it says."""
    return next((refusal for part, refusal in _ERRORS.items() if part in text), _CODEC)


def refusal_of_head(headers: Headers, settings: ManagerSettings, read: int, http10: bool) -> Refusal | None:
    """The answer to a head that breaks a rule; `read` counts bytes since the head before it."""
    too_many = _refusal_of_count(headers, settings.max_headers)
    if too_many is not None:
        return too_many
    most = settings.max_request_headers_bytes
    if headers[b":path"] is UNREADABLE:
        return _INVALID_URL
    if read > most and sum(len(name) + len(value) for name, value in headers.fields()) > most:
        return _TOO_LARGE
    coding = headers.get(b"transfer-encoding")
    if coding is not None and (coding.lower() != b"chunked" or len(headers.values_of(b"transfer-encoding")) > 1):
        return _CODING
    if settings.underscores != UNDERSCORES_ALLOW and drop_underscores(headers, settings.underscores):
        return _UNDERSCORE
    if http10 and not _accept_http_10(headers, settings):
        return _LOW_VERSION
    return None


def _refusal_of_count(headers: Headers, most: int) -> Refusal | None:
    if len(headers) < most and headers.more is None:
        return None
    named = 1 if headers[b":authority"] is not NO_AUTHORITY else 0
    if len(headers) - _PSEUDO + named + len(headers.more or ()) > most:
        return _TOO_MANY
    if any(name == b"host" for name, _ in headers.more or ()):
        return _TWO_HOSTS
    return None


def _accept_http_10(headers: Headers, settings: ManagerSettings) -> bool:
    if not settings.accept_http_10:
        return False
    if headers[b":authority"] is NO_AUTHORITY and settings.default_host:
        headers[b":authority"] = settings.default_host
    return True


def drop_hop_by_hop(headers: Headers, parser: HttpRequestParser) -> Refusal | None:
    """RFC 9110 § 7.6.1: what is for this connection only goes no further; refuses what must not be named as such."""
    nominated = headers.pop(b"connection", None)
    headers.pop(b"keep-alive", None)
    headers.pop(b"proxy-connection", None)
    kind = headers.get(b"upgrade")
    if kind is not None:
        headers.remove(b"upgrade")
        _note_upgrade(headers, kind, nominated, parser)
    # Envoy leaves the head of an upgrade as it is.
    if nominated is not None and b"upgrade" not in headers and not _drop_nominated(headers, nominated):
        return _NOMINATED
    te = headers.get(b"te")
    if te is not None:
        headers.remove(b"te")
        if b"trailers" in te.lower():
            headers[b"te"] = b"trailers"
    return None


def _drop_nominated(headers: Headers, nominated: bytes) -> bool:
    """Takes out what the connection header names; False when it names what a client must not hide."""
    names = [name.strip() for name in nominated.lower().split(b",") if name]
    if len(names) >= _MOST_NOMINATED:
        return False
    for name in names:
        if name in _NEVER_NOMINATED or name[:1] == b":":
            return False
        if name in _ABOUT_CONNECTION:
            if name == b"te" and len(headers.get(name, b"")) >= _LONGEST_TE:
                return False
        elif name == b"host":
            headers[b":authority"] = NO_AUTHORITY
        elif name == b"content-length":
            _hide_length(headers)
        elif name != b"transfer-encoding":  # it goes no further anyway, but tells that there is a body
            headers.remove(name)
    return True


def _hide_length(headers: Headers) -> None:
    """The length goes no further; a body, which the parser reads by it, goes on as one whose length is not known."""
    length = headers.pop(b"content-length", b"")
    if length.strip(b"0"):
        headers[b"transfer-encoding"] = b"chunked"


def _note_upgrade(headers: Headers, kind: bytes, nominated: bytes | None, parser: HttpRequestParser) -> None:
    """An upgrade that the client means (RFC 9110 § 7.8) stays in the headers; that to HTTP/2 is never taken."""
    if nominated is None or not parser.should_upgrade():
        return
    if kind.lower() == b"h2c":
        headers.remove(b"http2-settings")
    else:
        headers[b"connection"] = nominated
        headers[b"upgrade"] = kind
