"""A client's HTTP/2 connection: many streams at once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import ngh2

from tulle.proxy.headers import Field, Headers
from tulle.proxy.http.failures import fail_stream
from tulle.proxy.http.h2.fields import request_headers, trailer_headers
from tulle.proxy.http.h2.flow import Http2Flow
from tulle.proxy.http.request_headers import drop_underscores
from tulle.proxy.http.server_connection import ServerConnection
from tulle.proxy.http.settings import UNDERSCORES_ALLOW
from tulle.proxy.http.stream import Stream
from tulle.proxy.telemetry.response_flags import ResponseFlag

_log = logging.getLogger(__name__)

_NO_REQUEST = {b":method": b"", b":path": b"", b":authority": b"", b":scheme": b""}
_NO_ERROR, _PROTOCOL_ERROR, _INTERNAL_ERROR, _CANCEL = 0, 1, 2, 8
# What may wait in one stream for the client before its upstream is paused; half of it before that goes on.
_QUEUE_LIMIT = 256 * 1024
# A request with too many headers is refused alone; one with as many times as many ends its connection.
_HEADERS_READ = 10


class Http2ServerConnection(Http2Flow, ServerConnection):
    """Bytes leave once per turn of the loop, however many streams have something to say."""

    __slots__ = (
        "_begun",
        "_early",
        "_flushing",
        "_goaway_sent",
        "_handlers",
        "_http2",
        "_queue_limit",
        "_receiving",
        "_slow",
        "_streams",
        "_unacknowledged",
    )

    protocol_name = "HTTP/2"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Says what we take."""
        settings = self.settings
        self._http2 = ngh2.Connection(
            ngh2.Role.SERVER,
            ngh2.Configuration(
                auto_window_update=False,
                max_deflate_dynamic_table_size=settings.hpack_table_size,
                max_inbound_header_list_size=settings.max_request_headers_bytes,
                max_inbound_header_count=_HEADERS_READ * settings.max_headers,
            ),
        )
        self._streams: dict[int, Stream] = {}
        self._slow: set[Stream] = set()  # streams whose upstream is paused because the client is slow
        self._begun: set[int] = set()  # streams that came as far as a request, until the machine forgets them
        self._early: list[tuple[int, int]] = []  # streams to reset, and why, once what was said on them has left
        self._unacknowledged: dict[int, int] = {}  # stream → bytes of its paused request that were received
        self._receiving = False
        self._flushing = False
        self._goaway_sent = False
        self._queue_limit = _QUEUE_LIMIT
        self._handlers: dict[type[ngh2.Event], Callable[[Any], None]] = {
            ngh2.RequestReceived: self._on_request,
            ngh2.DataReceived: self._on_data,
            ngh2.TrailersReceived: self._on_trailers,
            ngh2.StreamReset: self._on_reset,
            ngh2.StreamClosed: self._on_closed,
            ngh2.WindowUpdated: self._on_window,
            ngh2.ConnectionClosed: self._on_end,
        }
        self.opened()
        stats = self.stats
        stats.downstream_cx_http2_total.value += 1
        stats.downstream_cx_http2_active.value += 1
        self._http2.initiate_connection(
            {
                ngh2.Setting.MAX_CONCURRENT_STREAMS: settings.max_concurrent_streams,
                ngh2.Setting.INITIAL_WINDOW_SIZE: settings.stream_window,
            }
        )
        self._http2.set_local_window_size(settings.connection_window)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends all streams."""
        self.stats.downstream_cx_http2_active.value -= 1
        super().connection_lost(exc)
        self._handlers = {}

    # Bytes in.

    def data_received(self, data: bytes) -> None:
        """Feeds the machine, acts on what it saw, sends what came of it."""
        self.stats.downstream_cx_rx_bytes_total.value += len(data)
        if self._closed:
            return
        http2, handlers = self._http2, self._handlers
        self._receiving = self.runtime.reading = True
        try:
            http2.receive_data(data)
            for event in http2.events():
                handler = handlers.get(type(event))
                if handler is not None:
                    handler(event)
        except ngh2.NGH2Error:
            self._on_protocol_error()
        except Exception:
            _log.exception("a connection failed")
            self._local_close = True
            self.transport.abort()
        finally:
            self._receiving = False
        self.flush()
        self.runtime.flush()
        self._end_if_over()

    def _end_if_over(self) -> None:
        """The machine wants no more after an error of the client, of which it has told it, or after two goodbyes."""
        if self._closed or self.transport.is_closing() or self._http2.want_read:
            return
        ends = [event for event in self._http2.events() if isinstance(event, ngh2.ConnectionClosed)]
        if ends and ends[0].error_code:
            self._on_protocol_error()
        else:
            self.close()

    def _on_protocol_error(self) -> None:
        self.stats.downstream_cx_protocol_error.value += 1
        for stream in tuple(self._streams.values()):
            stream.on_client_gone(ResponseFlag.DOWNSTREAM_PROTOCOL_ERROR, "http2.protocol_error")
        self._streams.clear()
        with suppress(ngh2.NGH2Error):  # the machine may be beyond saying why
            self.flush()
        self._local_close = True
        if not self.transport.is_closing():
            self.transport.close()

    def flush(self) -> None:
        """Writes what the machine has for the client, unless the client is slow."""
        self._flushing = False
        if self._closed or self.blocked or self.transport.is_closing():
            return
        data = self._http2.data_to_send()
        if data:
            self.stats.downstream_cx_tx_bytes_total.value += len(data)
            self.transport.write(data)
        if self._slow:
            self._wake()
        if self._early:
            self._reset_early()
        if not self._streams:
            if self._goaway_sent and not self._http2.want_write:
                self.close()
            else:
                self._end_if_over()

    def _reset_early(self) -> None:
        """Resets streams behind what was said on them."""
        waiting: list[tuple[int, int]] = []
        for stream_id, code in self._early:
            with suppress(ngh2.NGH2Error):  # the stream, or all of them, may be gone by now
                if self._http2.queued_body_size(stream_id):
                    waiting.append((stream_id, code))
                else:
                    self._http2.reset_stream(stream_id, code)
        self._early = waiting
        data = self._http2.data_to_send()
        if data:
            self.stats.downstream_cx_tx_bytes_total.value += len(data)
            self.transport.write(data)

    def _flush_later(self) -> None:
        if not self._receiving and not self._flushing:
            self._flushing = True
            self.runtime.flush_soon(self)

    # Events.

    def _refuse_headers(self, stream_id: int) -> None:
        """Too many headers (Envoy: http2.too_many_headers); the other streams go on."""
        self.stats.downstream_rq_total.value += 1
        self.stats.downstream_rq_http2_total.value += 1
        self.stats.downstream_rq_rx_reset.value += 1
        refused = Stream(self.manager, self, Headers(_NO_REQUEST))
        refused.request_headers, refused.duration_ms = None, 0
        refused.response_code_details = "http2.too_many_headers"
        refused.response_flags = ResponseFlag.DOWNSTREAM_REMOTE_RESET
        for log in self.manager.access_logs:
            log.log(refused)
        self._http2.reset_stream(stream_id, _INTERNAL_ERROR)

    def _on_request(self, event: ngh2.RequestReceived) -> None:
        if len(event.headers) > self.settings.max_headers:
            self._refuse_headers(event.stream_id)
            return
        headers = request_headers(event.headers)
        if self.settings.underscores != UNDERSCORES_ALLOW and drop_underscores(headers, self.settings.underscores):
            self._http2.reset_stream(event.stream_id, _PROTOCOL_ERROR)
            return
        stream = Stream(self.manager, self, headers, event.stream_id)
        self._streams[event.stream_id] = stream
        self._begun.add(event.stream_id)
        self.open_streams += 1
        self.requests += 1
        self.stats.downstream_rq_http2_total.value += 1
        most = self.settings.max_requests_per_connection
        if most and self.requests >= most and not self.draining:
            self.stats.downstream_cx_max_requests_reached.value += 1
            self.start_drain()
        try:
            self.manager.begin(stream, event.end_stream)
        except Exception as error:
            fail_stream(stream, error)

    def _on_data(self, event: ngh2.DataReceived) -> None:
        stream_id, data = event.stream_id, event.data
        held = self._unacknowledged.get(stream_id)
        if held is None:
            self._acknowledge(len(data), stream_id)
        else:
            self._unacknowledged[stream_id] = held + len(data)
        stream = self._streams.get(stream_id)
        if stream is not None:
            try:
                stream.on_request_data(data, event.end_stream)
            except Exception as error:
                fail_stream(stream, error)

    def _on_trailers(self, event: ngh2.TrailersReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is not None:
            try:
                stream.on_request_trailers(trailer_headers(event.headers))
            except Exception as error:
                fail_stream(stream, error)

    def _on_reset(self, event: ngh2.StreamReset) -> None:
        stream = self._forget(event.stream_id)
        if stream is not None and not stream.ended:
            stream.on_client_gone(ResponseFlag.DOWNSTREAM_REMOTE_RESET, "http2.remote_reset")

    def _on_closed(self, event: ngh2.StreamClosed) -> None:
        stream = self._forget(event.stream_id)
        if stream is not None and not stream.ended:
            stream.on_client_gone(ResponseFlag.DOWNSTREAM_PROTOCOL_ERROR, "http2.violation.of.messaging.rule")
        if event.stream_id in self._begun:
            self._begun.discard(event.stream_id)
        elif event.error_code == _PROTOCOL_ERROR:
            self._on_violation()

    def _on_violation(self) -> None:
        """A message that breaks the rules ends the connection (Envoy: stream_error_on_invalid_http_message is off)."""
        self.stats.downstream_cx_protocol_error.value += 1
        refused = Stream(self.manager, self, Headers(_NO_REQUEST))
        refused.request_headers = None
        refused.response_code_details = "http2.violation.of.messaging.rule"
        self.manager.log_refused(refused)
        self._http2.terminate_connection(_PROTOCOL_ERROR)
        self._goaway_sent = True

    def _on_window(self, event: ngh2.WindowUpdated) -> None:
        """The flush at the end of `data_received` looks which streams may go on."""

    def _on_end(self, event: ngh2.ConnectionClosed) -> None:
        self._local_close = True
        if not self.transport.is_closing():
            self.transport.close()

    def _forget(self, stream_id: int) -> Stream | None:
        stream = self._streams.pop(stream_id, None)
        if stream is None:
            return None
        self.open_streams -= 1
        if self._slow:
            self._slow.discard(stream)
        held = self._unacknowledged.pop(stream_id, 0)
        if held:
            self._acknowledge(held, stream_id)
        if not self._streams:
            self.idle_since = monotonic()
        return stream

    # The response.

    def send_headers(self, stream: Stream, headers: Headers, end: bool) -> None:
        """The header block; tells the client to go elsewhere when it should."""
        if stream.request[b":method"] == b"HEAD":
            end = True
        self._http2.send_response(stream.stream_id, _fields(headers), end_stream=end)
        if self.manager.should_close() and not self.draining:
            self.stats.downstream_cx_drain_close.value += 1
            self.start_drain()
        self._flush_later()

    def send_informational(self, stream: Stream, headers: Headers) -> None:
        """A 1xx header block."""
        self._http2.send_informational_response(stream.stream_id, _fields(headers))
        self._flush_later()

    def send_data(self, stream: Stream, data: bytes, end: bool) -> None:
        """Waits in the machine until the client's windows and its socket take it."""
        if stream.request[b":method"] == b"HEAD":
            return
        stream_id = stream.stream_id
        self._http2.send_data(stream_id, data, end_stream=end)
        if not end and self._http2.queued_body_size(stream_id) > self._queue_limit and stream not in self._slow:
            self._slow.add(stream)
            stream.on_client_blocked()
        self._flush_later()

    def send_trailers(self, stream: Stream, trailers: Headers) -> None:
        """The last header block."""
        self._http2.send_trailers(stream.stream_id, _fields(trailers))
        self._flush_later()

    def reset(self, stream: Stream) -> None:
        """RST_STREAM."""
        if self._forget(stream.stream_id) is not None and not self._closed:
            self._early.append((stream.stream_id, _INTERNAL_ERROR))
            self._flush_later()

    def stream_done(self, stream: Stream) -> None:
        """A response that is complete before its request ends that too (RFC 9113 § 8.1)."""
        self._forget(stream.stream_id)
        if not stream.request_complete:
            self._early.append((stream.stream_id, _NO_ERROR))
        self._flush_later()

    # Flow.

    def _wake(self) -> None:
        """Streams whose queue has become short go on."""
        for stream in tuple(self._slow):
            if self._http2.queued_body_size(stream.stream_id) <= self._queue_limit // 2:
                self._slow.discard(stream)
                stream.on_client_ready()

    def pause_request(self, stream: Stream) -> None:
        """The host is slow: takes no more of this request than the window allows."""
        self._pause(stream.stream_id)

    def resume_request(self, stream: Stream) -> None:
        """The host has caught up."""
        self._resume(stream.stream_id)

    def abort_streams(self) -> None:
        """The connection is gone."""
        streams, self._streams = self._streams, {}
        self.open_streams = 0
        self._slow.clear()
        for stream in streams.values():
            stream.on_client_gone(ResponseFlag.DOWNSTREAM_CONNECTION_TERMINATION, "downstream_remote_disconnect")

    def streams(self) -> tuple[Stream, ...]:
        """Those that are open."""
        return tuple(self._streams.values())

    def start_drain(self) -> None:
        """GOAWAY without a limit, the real one after the drain timeout, the end with the last stream."""
        if self.draining or self._closed or self.transport.is_closing():
            return
        self.draining = True
        self._http2.send_shutdown_notice()
        self._flush_later()
        delay_s = self.settings.drain_timeout_s if self._streams else 0.0
        self._late_timer = self.runtime.loop.call_later(delay_s, self._go_away)

    def _go_away(self) -> None:
        if self._closed or self.transport.is_closing():
            return
        self._http2.send_goaway(_NO_ERROR)
        self._goaway_sent = True
        self.flush()


def _fields(headers: Headers) -> Sequence[Field]:
    return list(headers.items()) if headers.more is None else list(headers.fields())
