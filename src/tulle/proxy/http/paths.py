"""The canonical form of a request's path (Envoy: path_utility.cc)."""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from tulle.proxy.http.settings import ESCAPED_FORWARD, ESCAPED_REDIRECT, ESCAPED_REJECT, ManagerSettings

_ESCAPED_SLASH = re.compile(rb"%2[fF]|%5[cC]")
_SLASHES = re.compile(rb"//+")
_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")
# RFC 3986 § 2.3: these mean the same with and without an escape.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class CanonicalPath(NamedTuple):
    """`path` with its query; None when it is refused. `redirect`: the client is to ask again for this path."""

    path: bytes | None
    redirect: bool = False


def canonical_path(path: bytes, settings: ManagerSettings) -> CanonicalPath:
    """What the path becomes, as configured; a fragment is always refused."""
    if b"#" in path:
        return CanonicalPath(None)
    path, question, query = path.partition(b"?")
    redirect = False
    if settings.escaped_slashes >= ESCAPED_REJECT and _ESCAPED_SLASH.search(path):
        if settings.escaped_slashes == ESCAPED_REJECT:
            return CanonicalPath(None)
        path = _ESCAPED_SLASH.sub(lambda match: unquote_to_bytes(match[0]), path)
        redirect = settings.escaped_slashes == ESCAPED_REDIRECT
    if settings.normalize_path:
        normal = normalize(path)
        if normal is None:
            return CanonicalPath(None)
        path = normal
    if settings.merge_slashes and b"//" in path:
        path = _SLASHES.sub(b"/", path)
    return CanonicalPath(path + question + query, redirect)


def normalize(path: bytes) -> bytes | None:
    """RFC 3986 § 6.2.2 as browsers do it: no dots, `/` for `\\`, no needless escapes; None when malformed."""
    if b"\\" in path:
        path = path.replace(b"\\", b"/")
    if b"%" in path:
        if b"%00" in path:
            return None
        path = _ESCAPE.sub(_unescape, path)
    return _without_dots(path) if b"/." in path else path


def _unescape(match: re.Match[bytes]) -> bytes:
    byte = int(match[1], 16)
    return bytes((byte,)) if byte in _UNRESERVED else match[0]


def _without_dots(path: bytes) -> bytes:
    """RFC 3986 § 5.2.4."""
    kept: list[bytes] = []
    parts = path.split(b"/")[1:]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == b"..":
            if kept:
                kept.pop()
            if last:
                kept.append(b"")
        elif part == b".":
            if last:
                kept.append(b"")
        else:
            kept.append(part)
    return b"/" + b"/".join(kept)


__all__ = ["ESCAPED_FORWARD", "CanonicalPath", "canonical_path", "normalize"]
