"""The target of a request line: where it leads, and which host it names (RFC 9112 § 3.2)."""

# Stands for a target that is none of the four forms; compared by identity.
UNREADABLE = b"\0unreadable"


def request_target(method: bytes, target: bytes, allow_absolute: bool) -> tuple[bytes, bytes]:
    """(path, authority): of the origin form only the path is known here; CONNECT has an authority only."""
    if target[:1] == b"/" or target == b"*":
        return target, b""
    if method == b"CONNECT":
        return b"", target
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https") or not rest:
        return UNREADABLE, b""
    if not allow_absolute:
        return target, b""
    for index, byte in enumerate(rest):
        if byte in b"/?#":
            path = rest[index:]
            return (path if path[:1] == b"/" else b"/" + path), rest[:index]
    return b"/", rest
