"""Which version of HTTP a plaintext connection speaks (envoy.filters.listener.http_inspector)."""

import asyncio
import re

from tulle.proxy.listener.listener_filter import MORE
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import Counter, StatsGroup, StatsStore

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113 § 3.4
_LIMIT = 64 * 1024  # Envoy: http_inspector.h, MAX_INSPECT_SIZE
_LINE_END = re.compile(rb"[\r\n]")
_METHOD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 § 5.6.2: any token
_VERSION = re.compile(rb"HTTP/(\d)\.(\d)")


class HttpInspectorStats(StatsGroup):
    """`http_inspector.`"""

    http10_found: Counter
    http11_found: Counter
    http2_found: Counter
    http_not_found: Counter
    read_error: Counter


class HttpInspector:
    """Looks at the request line or the preface and leaves it where it is."""

    reads = True

    def __init__(self, stats: HttpInspectorStats) -> None:
        self._found = {
            "http/1.0": stats.http10_found,
            "http/1.1": stats.http11_found,
            "h2c": stats.http2_found,
            "": stats.http_not_found,
        }

    def accepted(self, transport: asyncio.Transport, info: ConnectionInfo) -> None:
        """The first bytes decide."""

    def inspect(self, data: bytes, info: ConnectionInfo) -> int:
        """Decides at the end of the request line, or as soon as there can be none."""
        if info.transport_protocol != "raw_buffer":
            return 0
        protocol = detect(data)
        if protocol is None:
            return MORE
        self._found[protocol].value += 1
        if protocol:
            info.application_protocols = (protocol,)
        return 0


def detect(data: bytes) -> str | None:
    """`h2c`, `http/1.1`, `http/1.0`, or "" when it is not HTTP; None while that is open."""
    if data[: len(_PREFACE)] == _PREFACE[: len(data)]:
        return "h2c" if len(data) >= len(_PREFACE) else None
    end = _LINE_END.search(data, 0, _LIMIT)
    if end is not None:
        return _version_of(data[: end.start()])
    return None if not data or _may_become_a_request(data) else ""


def _may_become_a_request(data: bytes) -> bool:
    method, _, _ = data.partition(b" ")
    return len(data) < _LIMIT and _METHOD.fullmatch(method) is not None


def _version_of(line: bytes) -> str:
    method, _, rest = line.partition(b" ")
    target, _, version = rest.strip().rpartition(b" ")
    if _METHOD.fullmatch(method) is None or not rest.strip():
        return ""
    if not target:
        return "http/1.0"  # no version: HTTP/0.9, which Envoy counts as 1.0
    match = _VERSION.fullmatch(version)
    if match is None:
        return ""
    return "http/1.1" if match.groups() == (b"1", b"1") else "http/1.0"


def build_http_inspector(config: bytes, stats: StatsStore) -> HttpInspector:
    """The filter; it has no settings."""
    return HttpInspector(HttpInspectorStats(stats, "http_inspector."))
