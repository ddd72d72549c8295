"""What routing reads out of a request besides whole headers: the path proper, query parameters, cookies."""

from tulle.proxy.headers import Headers


def path_of(target: bytes) -> bytes:
    """A request target without query and fragment (Envoy: PathUtil::removeQueryAndFragment)."""
    at = target.find(b"?")
    if at >= 0:
        target = target[:at]
    at = target.find(b"#")
    return target if at < 0 else target[:at]


def query_parameters(target: bytes) -> dict[bytes, bytes]:
    """The first value of each parameter, not decoded; a parameter without `=` has an empty value."""
    _, mark, query = target.partition(b"?")
    found: dict[bytes, bytes] = {}
    if not mark:
        return found
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        found.setdefault(name, value)
    return found


def cookie(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a cookie, without quotes around it; None when it is not sent (Envoy: parseCookies)."""
    for line in headers.values_of(b"cookie"):
        for part in line.split(b";"):
            key, equals, value = part.lstrip(b" ").partition(b"=")
            if equals and key == name:
                quoted = len(value) >= 2 and value[:1] == value[-1:] == b'"'
                return value[1:-1] if quoted else value
    return None
