"""Cookies that the router gives to clients, so that a hash policy finds them again (Envoy: makeSetCookieValue)."""

from xxhash import xxh64_hexdigest

from tulle.proxy.router.hash_policy import CookieWanted
from tulle.proxy.telemetry.stream_info import StreamInfo


def cookie_value(info: StreamInfo) -> bytes:
    """The same for all requests of one connection."""
    return xxh64_hexdigest(f"{info.downstream_remote}{info.downstream_local}".encode()).encode()


def set_cookie(wanted: CookieWanted, value: bytes) -> bytes:
    """The value of a `set-cookie` field."""
    parts = [b'%b="%b"' % (wanted.name, value)]
    if wanted.ttl_s:
        parts.append(b"Max-Age=%d" % wanted.ttl_s)
    if wanted.path:
        parts.append(b"Path=" + wanted.path)
    parts += [name if not given else name + b"=" + given for name, given in wanted.attributes]
    parts.append(b"HttpOnly")
    return b"; ".join(parts)
