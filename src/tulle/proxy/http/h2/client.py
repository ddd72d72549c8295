"""Our HTTP/2 connection to an upstream host: as many requests at once as the host allows."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import ngh2

from tulle.proxy.headers import Field, Headers
from tulle.proxy.http.client_connection import PROTOCOL_ERROR, TERMINATION, ClientConnection
from tulle.proxy.http.failures import fail_stream
from tulle.proxy.http.h2.fields import response_headers, trailer_headers
from tulle.proxy.http.h2.flow import Http2Flow
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.upstream.pools import HttpPool

if TYPE_CHECKING:
    from tulle.proxy.http.filters.router_request import UpstreamRequest

_log = logging.getLogger(__name__)

_INTERNAL_ERROR, _REFUSED_STREAM = 2, 7  # Envoy resets with the former, whatever the reason
_QUEUE_LIMIT = 256 * 1024
# Envoy: DEFAULT_MAX_HEADERS_COUNT, DEFAULT_MAX_REQUEST_HEADERS_KB. A response that exceeds them is refused alone.
_MAX_FIELDS, _MAX_FIELDS_SIZE = 100, 60 * 1024
_LARGE_ON_WIRE = _MAX_FIELDS_SIZE // 2  # HPACK's Huffman code saves at most 3 bits of 8
# Beyond these the machine ends the connection.
_FIELDS_READ, _FIELDS_SIZE_READ = 1000, 256 * 1024
REMOTE_RESET = "remote reset"
REMOTE_REFUSED = "remote refused stream reset"


class Http2ClientConnection(Http2Flow, ClientConnection):
    """Belongs to a pool."""

    __slots__ = (
        "_flushing",
        "_handlers",
        "_http2",
        "_most",
        "_receiving",
        "_requests_by_stream",
        "_slow",
        "_unacknowledged",
        "_unread",
    )

    protocol_name = "HTTP/2"

    def __init__(self, pool: HttpPool, runtime: HttpRuntime) -> None:
        super().__init__(pool, runtime)
        self._requests_by_stream: dict[int, UpstreamRequest] = {}
        self._slow: set[UpstreamRequest] = set()
        self._unacknowledged: dict[int, int] = {}
        self._most = pool.cluster.http.max_concurrent_streams
        self._receiving = self._flushing = False
        self._unread = 0  # bytes since the last headers of a response
        self._http2: ngh2.Connection = None  # type: ignore[assignment]
        self._handlers: dict[type[ngh2.Event], Callable[[Any], None]] = {}

    # What the pool asks.

    def capacity(self) -> int:
        """How many more streams the host and the cluster allow."""
        return 0 if self._closed or self._retired else max(0, self._most - len(self._requests_by_stream))

    def _is_busy(self) -> bool:
        return bool(self._requests_by_stream)

    # Life.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Says what we take; the pool hands out the first requests."""
        super().connection_made(transport)
        http = self.pool.cluster.http
        self._http2 = ngh2.Connection(
            ngh2.Role.CLIENT,
            ngh2.Configuration(
                auto_window_update=False,
                peer_max_concurrent_streams=http.max_concurrent_streams,
                max_deflate_dynamic_table_size=http.hpack_table_size,
                max_inbound_header_list_size=_FIELDS_SIZE_READ,
                max_inbound_header_count=_FIELDS_READ,
            ),
        )
        self._http2.initiate_connection(
            {ngh2.Setting.ENABLE_PUSH: 0, ngh2.Setting.INITIAL_WINDOW_SIZE: http.stream_window}
        )
        self._http2.set_local_window_size(http.connection_window)
        self._handlers = {
            ngh2.ResponseReceived: self._on_response,
            ngh2.InformationalResponseReceived: self._on_informational,
            ngh2.DataReceived: self._on_data,
            ngh2.TrailersReceived: self._on_trailers,
            ngh2.StreamReset: self._on_reset,
            ngh2.StreamClosed: self._on_stream_closed,
            ngh2.SettingsReceived: self._on_settings,
            ngh2.GoAwayReceived: self._on_goaway,
            ngh2.ConnectionClosed: self._on_end,
        }
        self.pool.connected(self, self._began)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Every request that was under way is lost."""
        self._handlers = {}
        requests, self._requests_by_stream = self._requests_by_stream, {}
        self._end(bool(requests))
        for request in requests.values():
            request.on_reset(TERMINATION, "")

    # The request.

    def send_headers(self, request: "UpstreamRequest", headers: Headers, end: bool) -> None:
        """Opens a stream."""
        fields = list(headers.items()) if headers.more is None else list(headers.fields())
        request.stream_id = stream_id = self._http2.send_request(fields, end_stream=end)
        self._requests_by_stream[stream_id] = request
        self.requests += 1
        limit = self.pool.cluster.http.max_requests_per_connection
        if limit and self.requests >= limit and not self._retired:
            self.pool.cluster.stats.upstream_cx_max_requests.value += 1
            self._retired = True
            self.pool.withdraw(self)
        self._flush_later()

    def send_data(self, request: "UpstreamRequest", data: bytes, end: bool) -> None:
        """Waits in the machine until the host's windows and its socket take it."""
        stream_id = request.stream_id
        self._http2.send_data(stream_id, data, end_stream=end)
        if not end and request not in self._slow and self._http2.queued_body_size(stream_id) > _QUEUE_LIMIT:
            self._slow.add(request)
            self.pool.cluster.stats.upstream_flow_control_backed_up_total.value += 1
            request.on_upstream_blocked()
        self._flush_later()

    def send_trailers(self, request: "UpstreamRequest", trailers: Headers) -> None:
        """The last header block."""
        self._http2.send_trailers(request.stream_id, list(trailers.fields()))
        self._flush_later()

    def cancel(self, request: "UpstreamRequest") -> None:
        """RST_STREAM: nobody wants the response."""
        if self._forget(request.stream_id) is not None and not self._closed:
            self._http2.reset_stream(request.stream_id, _INTERNAL_ERROR)
            self.pool.cluster.stats.upstream_rq_tx_reset.value += 1
            self._flush_later()
            self._freed()

    def _flush_later(self) -> None:
        if not self._receiving and not self._flushing:
            self._flushing = True
            self._runtime.flush_soon(self)

    def flush(self) -> None:
        """Writes what the machine has for the host, unless the host is slow."""
        self._flushing = False
        transport = self._transport
        if self._closed or self.blocked or transport is None or transport.is_closing():
            return
        data = self._http2.data_to_send()
        if data:
            self.pool.cluster.stats.upstream_cx_tx_bytes_total.value += len(data)
            transport.write(data)
        if self._slow:
            self._wake()

    # The response.

    def data_received(self, data: bytes) -> None:
        """Feeds the machine, acts on what it saw, sends what came of it."""
        self.pool.cluster.stats.upstream_cx_rx_bytes_total.value += len(data)
        if self._closed:
            return
        self._unread += len(data)
        http2, handlers = self._http2, self._handlers
        self._receiving = self._runtime.reading = True
        try:
            http2.receive_data(data)
            for event in http2.events():
                handler = handlers.get(type(event))
                if handler is not None:
                    handler(event)
        except ngh2.NGH2Error:
            self._on_protocol_error()
        except Exception:
            _log.exception("a connection to a host failed")
            self._on_protocol_error()
        finally:
            self._receiving = False
        self.flush()
        self._runtime.flush()
        self._end_if_over()

    def _end_if_over(self) -> None:
        """The machine wants no more after an error of the host, of which it has told it, or after the last stream."""
        if self._closed or self._transport is None or self._transport.is_closing() or self._http2.want_read:
            return
        ends = [event for event in self._http2.events() if isinstance(event, ngh2.ConnectionClosed)]
        if ends and ends[0].error_code:
            self._on_protocol_error()
        else:
            self._close()

    def _on_protocol_error(self) -> None:
        self.pool.cluster.stats.upstream_cx_protocol_error.value += 1
        self._retired = True
        self.pool.withdraw(self)
        requests, self._requests_by_stream = self._requests_by_stream, {}
        for request in requests.values():
            request.on_reset(PROTOCOL_ERROR, "")
        with suppress(ngh2.NGH2Error):  # the machine may be beyond saying why
            self.flush()
        self._close()

    def _on_response(self, event: ngh2.ResponseReceived) -> None:
        end = event.end_stream
        request = self._forget(event.stream_id) if end else self._requests_by_stream.get(event.stream_id)
        if request is not None:
            if (len(event.headers) > _MAX_FIELDS or self._unread > _LARGE_ON_WIRE) and _too_large(event.headers):
                self._refuse_response(request, event.stream_id, end)
                return
            self._unread = 0
            try:
                request.on_response_headers(response_headers(event.headers), end)
            except Exception as error:
                fail_stream(request.stream, error)
            if end:
                self._end_early(request, event.stream_id)
                self._freed()

    def _refuse_response(self, request: "UpstreamRequest", stream_id: int, end: bool) -> None:
        """Too many headers, or too large ones; the other streams go on."""
        self._forget(stream_id)
        if not end:
            self._http2.reset_stream(stream_id, _INTERNAL_ERROR)
        request.on_reset(REMOTE_RESET, "")
        self._freed()

    def _on_informational(self, event: ngh2.InformationalResponseReceived) -> None:
        request = self._requests_by_stream.get(event.stream_id)
        if request is not None:
            request.on_informational(response_headers(event.headers))

    def _on_data(self, event: ngh2.DataReceived) -> None:
        stream_id, data, end = event.stream_id, event.data, event.end_stream
        held = self._unacknowledged.get(stream_id)
        if held is None:
            self._acknowledge(len(data), stream_id)
        else:
            self._unacknowledged[stream_id] = held + len(data)
        request = self._forget(stream_id) if end else self._requests_by_stream.get(stream_id)
        if request is not None:
            try:
                request.on_response_data(data, end)
            except Exception as error:
                fail_stream(request.stream, error)
            if end:
                self._end_early(request, stream_id)
                self._freed()

    def _on_trailers(self, event: ngh2.TrailersReceived) -> None:
        request = self._forget(event.stream_id)
        if request is not None:
            try:
                request.on_response_trailers(trailer_headers(event.headers))
            except Exception as error:
                fail_stream(request.stream, error)
            self._end_early(request, event.stream_id)
            self._freed()

    def _end_early(self, request: "UpstreamRequest", stream_id: int) -> None:
        """A request whose response is complete ends too, though the client still sends it."""
        if not request.stream.request_complete and not self._closed:
            self._http2.reset_stream(stream_id, _INTERNAL_ERROR)
            self.pool.cluster.stats.upstream_rq_tx_reset.value += 1

    def _on_reset(self, event: ngh2.StreamReset) -> None:
        request = self._forget(event.stream_id)
        if request is not None:
            refused = event.error_code == _REFUSED_STREAM
            request.on_reset(REMOTE_REFUSED if refused else REMOTE_RESET, "")
            self._freed()

    def _on_stream_closed(self, event: ngh2.StreamClosed) -> None:
        request = self._forget(event.stream_id)
        if request is not None:
            refused = event.error_code == _REFUSED_STREAM
            request.on_reset(REMOTE_REFUSED if refused else PROTOCOL_ERROR, "")
            self._freed()

    def _on_settings(self, event: ngh2.SettingsReceived) -> None:
        allowed = event.settings.get(int(ngh2.Setting.MAX_CONCURRENT_STREAMS))
        if allowed is not None:
            before = self.capacity()
            self._most = min(allowed, self.pool.cluster.http.max_concurrent_streams)
            if self.capacity() <= 0:
                self.pool.withdraw(self)
            elif before <= 0:
                self.pool.released(self)

    def _on_goaway(self, event: ngh2.GoAwayReceived) -> None:
        self.pool.cluster.stats.upstream_cx_close_notify.value += 1
        self._retired = True
        self.pool.withdraw(self)
        if not self._requests_by_stream:
            self._close()

    def _on_end(self, event: ngh2.ConnectionClosed) -> None:
        self._close()

    def _forget(self, stream_id: int) -> "UpstreamRequest | None":
        request = self._requests_by_stream.pop(stream_id, None)
        if request is not None:
            self._last_use = monotonic()
            if self._slow:
                self._slow.discard(request)
            held = self._unacknowledged.pop(stream_id, 0)
            if held:
                self._acknowledge(held, stream_id)
        return request

    def _freed(self) -> None:
        """A stream has ended: there is room for another, or nothing left to wait for."""
        if self._retired:
            if not self._requests_by_stream:
                self._close()
        elif self.pool.pending or len(self._requests_by_stream) + 1 >= self._most:
            self.pool.released(self)

    # Flow.

    def _wake(self) -> None:
        for request in tuple(self._slow):
            if self._http2.queued_body_size(request.stream_id) <= _QUEUE_LIMIT // 2:
                self._slow.discard(request)
                self.pool.cluster.stats.upstream_flow_control_drained_total.value += 1
                request.on_upstream_ready()

    def pause_reading(self, request: "UpstreamRequest") -> None:
        """The client is slow: takes no more of this response than the window allows."""
        self._pause(request.stream_id)

    def resume_reading(self, request: "UpstreamRequest") -> None:
        """The client has caught up."""
        self._resume(request.stream_id)


def _too_large(fields: Sequence[Field]) -> bool:
    return len(fields) > _MAX_FIELDS or sum(len(name) + len(value) for name, value in fields) > _MAX_FIELDS_SIZE
