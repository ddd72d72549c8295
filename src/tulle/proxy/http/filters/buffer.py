"""Sends requests on only when they are complete (envoy.filters.http.buffer)."""

from typing import TYPE_CHECKING

from tulle.protos.messages import Buffer as BufferProto
from tulle.protos.messages import BufferPerRoute
from tulle.proxy.http.filter_api import BUFFER, CONTINUE, HttpFilter, Verdict
from tulle.proxy.http.filter_services import FilterServices

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

SUPPORTED: dict[str, frozenset[str]] = {
    "envoy.extensions.filters.http.buffer.v3.Buffer": frozenset({"max_request_bytes"}),
    "envoy.extensions.filters.http.buffer.v3.BufferPerRoute": frozenset({"disabled", "buffer"}),
}


class BufferLimit:
    """How large a request's body may be; None: it is not gathered."""

    __slots__ = ("size",)

    def __init__(self, size: int | None) -> None:
        self.size = size


class Buffer(HttpFilter):
    """Gathers each body; the stream answers 413 to those that are too large."""

    __slots__ = ("_limit",)

    def __init__(self, limit: BufferLimit) -> None:
        self._limit = limit

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Waits for the body, unless the route says otherwise."""
        if end:
            return CONTINUE
        limit = stream.settings.get(self.name, self._limit)
        if not isinstance(limit, BufferLimit):
            limit = self._limit
        if limit.size is None:
            return CONTINUE
        stream.limit_body(limit.size)
        return BUFFER

    def on_request_body(self, stream: "Stream", body: bytes) -> Verdict:
        """The length is known now (Envoy: BufferFilter::maybeAddContentLength)."""
        headers = stream.request
        if b"content-length" not in headers:
            headers.remove(b"transfer-encoding")
            headers[b"content-length"] = b"%d" % len(body)
        return CONTINUE


def build_buffer(config: bytes, stat_prefix: str, services: FilterServices) -> Buffer:
    """From the filter's message."""
    return Buffer(BufferLimit(BufferProto.FromString(config).max_request_bytes.value))


def build_buffer_settings(config: bytes) -> BufferLimit:
    """From the message of a route."""
    proto = BufferPerRoute.FromString(config)
    return BufferLimit(None if proto.disabled else proto.buffer.max_request_bytes.value)
