"""What may be done to headers, hosts and paths: text that every proxy takes (Envoy: header_parser.cc)."""

import re
from collections.abc import Iterator

from tulle.api.networking.virtual_service import HeaderOperations, Headers
from tulle.foundation.yaml import Path

Finding = tuple[Path, str] | tuple[Path, str, str]  # the field, what is wrong with it, and what to do

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_AUTHORITY = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:\[\]-]+")
# Envoy: substitution_format_parser.cc; %% is a plain %
_OPERATOR = re.compile(r"%(?:%|[A-Z0-9_]+(?:\([^)]*\))?(?::[0-9]+)?%)")
_INSTEAD = {":path": "rewrite.uri sets the path", ":status": "directResponse.status sets a status"}


def check_header_match(name: str, path: Path) -> Iterator[Finding]:
    """The name of a header to match; those of HTTP/2 that begin with a colon are fine."""
    if not _TOKEN.fullmatch(name.removeprefix(":")):
        yield path, f"{name!r} is not the name of a header"


def check_plain_text(text: str, path: Path) -> Iterator[Finding]:
    """Text that becomes part of a message's head."""
    if _FORBIDDEN.search(text):
        yield path, "must not hold line breaks and NUL"


def check_authority(text: str, path: Path) -> Iterator[Finding]:
    """A host with or without a port, as it stands in a request."""
    if text and not _AUTHORITY.fullmatch(text):
        yield path, f"{text!r} is not a host or host:port"


def check_headers(headers: Headers | None, path: Path) -> Iterator[Finding]:
    """The operations on requests and on responses."""
    if headers is None:
        return
    for direction, operations in (("request", headers.request), ("response", headers.response)):
        if operations is not None:
            yield from _operations(operations, (*path, direction))


def sets_host(name: str) -> bool:
    """Whether a header that a request is given is its host, which proxies change by other means (Istio does so too)."""
    return name.lower() in ("host", ":authority")


def _operations(operations: HeaderOperations, path: Path) -> Iterator[Finding]:
    for verb, values in (("set", operations.set), ("add", operations.add)):
        for name, value in values.items():
            where = (*path, verb, name)
            if path[-1] == "request" and sets_host(name):
                yield from check_authority(value, where)
                continue
            yield from _name(name, where)
            yield from check_plain_text(value, where)
            yield from _format(value, where)
    for index, name in enumerate(operations.remove):
        yield from _name(name, (*path, "remove", index))


def _name(name: str, path: Path) -> Iterator[Finding]:
    if name.startswith(":") or name.lower() == "host":
        yield path, f"{name} cannot be changed as a header", _INSTEAD.get(name.lower(), "")
    elif not _TOKEN.fullmatch(name):
        yield path, f"{name!r} is not the name of a header"


def _format(value: str, path: Path) -> Iterator[Finding]:
    if "%" in _OPERATOR.sub("", value):
        yield path, "holds a % that begins no operator like %PROTOCOL%", "write %% for a plain %"
