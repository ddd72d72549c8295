"""A client's HTTP/1 connection: requests in, one after the other; responses out in the same order."""

import asyncio
import logging
from collections import deque
from time import monotonic

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from tulle.proxy.headers import Headers
from tulle.proxy.http.failures import fail_stream
from tulle.proxy.http.h1.encode import LAST_CHUNK, encode_chunk, encode_response
from tulle.proxy.http.h1.pending import CLOSE_LINE, TRAILERS, Waiting, refused
from tulle.proxy.http.h1.request_head import (
    HOP_BY_HOP,
    NEW_REQUEST,
    Refusal,
    drop_hop_by_hop,
    refusal_of_error,
    refusal_of_head,
)
from tulle.proxy.http.h1.request_line import UNREADABLE, request_target
from tulle.proxy.http.request_headers import NO_AUTHORITY
from tulle.proxy.http.server_connection import PREFACE, ServerConnection
from tulle.proxy.http.settings import AUTO, UNDERSCORES_ALLOW
from tulle.proxy.http.stream import Stream
from tulle.proxy.router.inline_headers import OF_REQUESTS
from tulle.proxy.telemetry.response_flags import ResponseFlag

_log = logging.getLogger(__name__)

_BODILESS = frozenset({b"204", b"304"})
_CHUNKED_LINE = b"transfer-encoding: chunked"
_EMPTY_LINE = b"content-length: 0"
_KEEP_LINE = b"connection: keep-alive"
# Below this a chunk's frame is cheaper copied than written apart.
_COPY_BELOW = 16 * 1024
_SPACE = 0x20


class Http1ServerConnection(ServerConnection):
    """One stream at a time; requests that come early wait, and reading pauses while they do."""

    __slots__ = (
        "_active",
        "_body_open",
        "_chunked",
        "_close_after",
        "_dead",
        "_deferred",
        "_first",
        "_head",
        "_headers",
        "_http10",
        "_in_head",
        "_keep_alive",
        "_parser",
        "_paused",
        "_refusal",
        "_sure",
        "_target",
        "_tunnel",
        "_unread",
        "_upgrade",
        "_waiting",
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Counts, and waits for the first request."""
        self._parser: HttpRequestParser | None = HttpRequestParser(self)
        self._headers = Headers()  # of the head that is being read
        self._target = b""
        self._tunnel = False  # an upgrade was asked for: bytes pass as they are
        self._active: Stream | None = None
        self._deferred: Headers | None = None  # headers of a request whose end is seen at once, as it has no body
        self._waiting: deque[Waiting] = deque()
        self._head = b""  # of a response, not written yet
        self._http10 = False
        self._in_head = False
        self._unread = 0  # bytes since the last head was complete, what came with it included
        self._sure = 0  # those of them that are the head's without a doubt
        self._upgrade = False
        self._refusal: Refusal | None = None  # the answer to bytes behind requests that wait
        self._body_open = False  # the body of the last request is still coming
        self._keep_alive = True
        self._chunked = False
        self._close_after = False
        self._dead = False
        self._first = b""
        self._paused = 0
        self.opened()
        stats = self.stats
        stats.downstream_cx_http1_total.value += 1
        stats.downstream_cx_http1_active.value += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets go of the parser, which holds this connection."""
        if self.settings.request_headers_timeout_s:
            self.runtime.header_timeouts.of(self.settings.request_headers_timeout_s).discard(self)
        self.stats.downstream_cx_http1_active.value -= 1
        super().connection_lost(exc)
        self._parser = None

    # Bytes in.

    def data_received(self, data: bytes) -> None:
        """Feeds the parser, whose calls do everything else."""
        self.stats.downstream_cx_rx_bytes_total.value += len(data)
        if self._dead:
            return
        if not self.requests and not self._in_head and self.settings.codec == AUTO and self._is_preface(data):
            return
        if self._first:
            data, self._first = self._first + data, b""
        if self._tunnel:
            self._pass_through(data)
            return
        if self._parser is not None and not self._is_head_too_large(data):
            self._feed(self._parser, data)

    def _is_head_too_large(self, data: bytes) -> bool:
        """Counts what has come of a head that is not whole yet; True when it was refused for its size."""
        self._unread += len(data)
        if not self._in_head:
            return False
        self._sure += len(data)
        if self._sure <= self.settings.max_request_headers_bytes:
            return False
        return self._refuse(431, b"Request Header Fields Too Large", "http1.headers_too_large")

    def _feed(self, parser: HttpRequestParser, data: bytes) -> None:
        runtime = self.runtime
        runtime.reading = True
        try:
            parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
        except HttpParserCallbackError as error:
            self._on_own_error(error.__context__ or error)
        except HttpParserError as error:
            self._on_parse_error(error)
        runtime.reading = False
        if runtime.dirty:
            runtime.flush()
        if not self._in_head:
            self._unread = 0

    def _pass_through(self, data: bytes) -> None:
        if self._active is not None:
            self._active.on_request_data(data, False)

    def eof_received(self) -> bool:
        """A client that has asked may close its half and still read (Envoy: half-close is not enabled for HTTP)."""
        return False

    def _is_preface(self, data: bytes) -> bool:
        """Hands the connection to HTTP/2 when it begins with the preface; True when `data` is taken care of."""
        data = self._first + data
        if data.startswith(PREFACE):
            from tulle.proxy.http.h2.server import Http2ServerConnection

            self.become(Http2ServerConnection, data)
            return True
        if PREFACE.startswith(data):
            self._first = data
            return True
        return False

    def become(self, kind: type[ServerConnection], data: bytes) -> None:
        """Another codec takes the connection over."""
        stats = self.stats
        stats.downstream_cx_http1_total.value -= 1
        stats.downstream_cx_http1_active.value -= 1
        stats.downstream_cx_total.value -= 1
        stats.downstream_cx_active.value -= 1
        stats.downstream_cx_rx_bytes_total.value -= len(data)
        self.manager.open.discard(self)
        self._parser = None
        self._dead = self._closed = True
        self._stop_timers()
        twin = kind(self.manager, self.transport, self.info)
        self.transport.set_protocol(twin)
        twin.connection_made(self.transport)
        twin.data_received(data)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._in_head = True
        self._sure = 0
        self._target = b""
        self._headers = Headers(NEW_REQUEST)
        if self.settings.request_headers_timeout_s:
            self.runtime.header_timeouts.of(self.settings.request_headers_timeout_s).restart(self)

    def on_url(self, url: bytes) -> None:
        """The request's target, or a part of it."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; those of trailers are dropped."""
        name = name.lower()
        if value and value[-1] <= _SPACE:
            # llhttp leaves white space at the end of values, which is not part of them (RFC 9110 § 5.5).
            value = value.rstrip(b" \t")
        headers = self._headers
        if name in headers:
            headers.gather(name, value, OF_REQUESTS)
        else:
            headers[name] = value

    def on_headers_complete(self) -> None:
        """The head is whole: a request begins, or waits for its turn."""
        self._in_head = False
        if self._dead or self._parser is None:
            return  # the parser goes on to the end of its bytes
        self.requests += 1
        if self.settings.request_headers_timeout_s:
            self.runtime.header_timeouts.of(self.settings.request_headers_timeout_s).discard(self)
        headers = self._read_head()
        if headers is None:
            return
        self._headers = TRAILERS
        parser = self._parser
        assert parser is not None
        keep_alive = parser.should_keep_alive()
        upgrade = b"upgrade" in headers or headers[b":method"] == b"CONNECT"
        if self._active is not None or self._waiting:
            self._waiting.append(Waiting(headers, self._http10, keep_alive, upgrade))
            self._pause()
            return
        self._keep_alive, self._upgrade = keep_alive, upgrade
        length = headers.get(b"content-length")
        if b"transfer-encoding" not in headers and (length is None or length == b"0") and not upgrade:
            self._deferred = headers
            return
        self._begin(headers, False)

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._dead or self._parser is None:
            return
        if self._waiting:
            self._waiting[-1].parts.append(data)
        elif self._active is not None:
            self._active.on_request_data(data, False)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._dead or self._parser is None:
            return
        if self._waiting:
            last = self._waiting[-1]
            last.complete = True
            return
        headers = self._deferred
        if headers is not None:
            self._deferred = None
            self._begin(headers, True)
            return
        stream = self._active
        if stream is None or (self._upgrade and not stream.ended):
            return
        self._body_open = False
        stream.on_request_data(b"", True)

    # From a head to a stream.

    def _read_head(self) -> Headers | None:
        """The headers with pseudo headers first; None when the request was refused."""
        parser = self._parser
        assert parser is not None
        headers = self._headers
        method = parser.get_method()
        target = self._target
        headers[b":method"] = method
        host = headers.pop(b"host", NO_AUTHORITY)
        if target[:1] == b"/":
            headers[b":path"] = target
            headers[b":authority"] = host
        else:
            headers[b":path"], authority = request_target(method, target, self.settings.allow_absolute_url)
            headers[b":authority"] = authority or host
        self._http10 = parser.get_http_version() != "1.1"
        if (
            len(headers) >= self.settings.max_headers
            or headers.more is not None
            or self._unread > self.settings.max_request_headers_bytes
            or self._http10
            or b"transfer-encoding" in headers
            or headers[b":path"] is UNREADABLE
            or self.settings.underscores != UNDERSCORES_ALLOW
        ):
            refusal = refusal_of_head(headers, self.settings, self._unread, self._http10)
            if refusal is not None:
                self._refuse(*refusal)
                return None
        if not HOP_BY_HOP.isdisjoint(headers):
            refusal = drop_hop_by_hop(headers, parser)
            if refusal is not None:
                self._refuse(*refusal)
                return None
        return headers

    def _begin(self, headers: Headers, end: bool) -> None:
        """A stream whose turn has come."""
        stream = Stream(self.manager, self, headers)
        if self._http10:
            stream.protocol = "HTTP/1.0"
        if b"transfer-encoding" in headers:
            headers.remove(b"transfer-encoding")
        self._active = stream
        self._body_open = not end
        self.open_streams = 1
        self.stats.downstream_rq_http1_total.value += 1
        if headers[b":method"] == b"CONNECT":
            self._close_after = True
        self.manager.begin(stream, end)

    def _after_upgrade(self, rest: bytes) -> None:
        """The parser has stopped behind a head that asks for another protocol; `rest` is what came behind it."""
        if self._waiting:
            self._parser = None  # what comes behind it waits for a turn that never comes
            return
        stream = self._active
        if not self._upgrade:
            self._parser = HttpRequestParser(self)  # the client asked for HTTP/2 and gets HTTP/1
            if rest:
                self.data_received(rest)
        elif stream is not None and not stream.ended and b"upgrade" in stream.request:
            self._tunnel = True
            if rest:
                stream.on_request_data(rest, False)
        else:
            self._close_after = True
            self._dead = True

    # What goes wrong.

    def _on_parse_error(self, error: HttpParserError) -> None:
        self.stats.downstream_cx_protocol_error.value += 1
        self._refuse(*refusal_of_error(str(error)))

    def _on_own_error(self, error: BaseException) -> None:
        """We failed, not the client: its request is answered if that is still possible, and the connection ends."""
        self._dead = self._close_after = True
        stream = self._active
        if stream is None:
            _log.error("a connection failed", exc_info=error)
            self._local_close = True
            self.transport.abort()
        else:
            fail_stream(stream, error)

    def _refuse(self, status: int, body: bytes, details: str) -> bool:
        """Answers bytes that are no request, and closes; always True."""
        if self._dead:
            return True
        active = self._active
        if self._waiting or (active is not None and not self._body_open):
            # Those before it are answered first, as they would be had it not been read yet.
            if self._waiting and not self._waiting[-1].complete:
                self._waiting.pop()
            self._refusal = (status, body, details)
            self._parser = None
            return True
        self._dead = True
        if active is not None:
            # The response of another request is on its way: there is no place for an answer to this one.
            active.response_flags |= ResponseFlag.DOWNSTREAM_PROTOCOL_ERROR
            if active.response is None:
                self._close_after = True
                active.reply(status, body, details)
            else:
                active.reset()
            return True
        stream, data = refused(self, (status, body, details))
        self._write(data)
        self.manager.log_refused(stream)
        self.close_after_delay()
        return True

    def on_header_timeout(self) -> None:
        """The head did not come to its end in time."""
        if not self._dead and self._in_head and self._parser is not None:
            self.stats.downstream_rq_header_timeout.value += 1
            self._refuse(408, b"Request Timeout", "request_header_timeout")

    # The response.

    def send_headers(self, stream: Stream, headers: Headers, end: bool) -> None:
        """Status line and fields; decides how the end of the body is told."""
        if headers[b":status"] == b"101":
            self._chunked = False
            self._write(encode_response(headers))
            return
        extra: list[bytes] = []
        http10 = stream.protocol == "HTTP/1.0"
        self._chunked = False
        if b"content-length" not in headers:
            line = self._framing(stream, headers[b":status"], end, http10)
            if line is not None:
                extra.append(line)
        if self._must_close(stream):
            self._close_after = True
            extra.append(CLOSE_LINE)
        elif http10 and self._keep_alive:
            extra.append(_KEEP_LINE)
        data = encode_response(headers, *extra)
        if end:
            self._write(data)
        else:
            # The head leaves with the first piece of the body, or before the loop waits again.
            self._head = data
            self.runtime.flush_soon(self)

    def _framing(self, stream: Stream, status: bytes, end: bool, http10: bool) -> bytes | None:
        """The line that says how the body ends, when its length is not known (RFC 9112 § 6.3)."""
        bodiless = status in _BODILESS or stream.request[b":method"] == b"HEAD"
        if end:
            if not bodiless:
                return _EMPTY_LINE
            # Envoy: what HEAD would have had, as its length is not known
            return None if status in _BODILESS or http10 else _CHUNKED_LINE
        if bodiless:
            return None
        if http10:
            self._close_after = True
            return None
        self._chunked = True
        return _CHUNKED_LINE

    def flush(self) -> None:
        """Writes a head whose body has not come yet."""
        head, self._head = self._head, b""
        if head and not self._closed:
            self._write(head)

    def _must_close(self, stream: Stream) -> bool:
        if self._close_after or not self._keep_alive or not stream.request_complete:
            return True
        if self.draining or self.manager.should_close():
            self.stats.downstream_cx_drain_close.value += 1
            return True
        most = self.settings.max_requests_per_connection
        if most and self.requests >= most:
            self.stats.downstream_cx_max_requests_reached.value += 1
            return True
        return False

    def send_informational(self, stream: Stream, headers: Headers) -> None:
        """A 1xx response; a client of HTTP/1.0 knows none."""
        if stream.protocol != "HTTP/1.0":
            self._write(encode_response(headers))

    def send_data(self, stream: Stream, data: bytes, end: bool) -> None:
        """A piece of the body, as a chunk where no length was said."""
        if self._chunked:
            if data:
                if len(data) < _COPY_BELOW:
                    data = encode_chunk(data)
                    if end:
                        data += LAST_CHUNK
                    self._write(data)
                    return
                self._write(b"%x\r\n" % len(data))
                self._write(data)
                self._write(b"\r\n")
            if end:
                self._write(LAST_CHUNK)
        elif data:
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        self.stats.downstream_cx_tx_bytes_total.value += len(data)
        self.transport.write(data)

    def send_trailers(self, stream: Stream, trailers: Headers) -> None:
        """The last chunk; trailers go only where they were asked for (Envoy: enable_trailers is off)."""
        if self._chunked:
            self._write(LAST_CHUNK)

    def reset(self, stream: Stream) -> None:
        """A response that was cut can only be told by closing."""
        self._active = None
        self.open_streams = 0
        self._dead = True
        self._local_close = True
        self.flush()
        self.transport.close()

    def stream_done(self, stream: Stream) -> None:
        """The response has been written; the next request may begin."""
        self._active = None
        self.open_streams = 0
        if self._close_after or self._dead or self._tunnel:
            self._dead = True
            if self._body_open and not self._tunnel:
                self.close_after_delay()
            else:
                self.close()
            return
        self.idle_since = monotonic()
        if self._waiting or self._refusal is not None:
            self.runtime.loop.call_soon(self._next)
        elif self._paused:
            self._resume()

    def _next(self) -> None:
        """Begins the request that waits longest."""
        if self._closed or self._dead or self._active is not None:
            return
        if not self._waiting:
            refusal, self._refusal = self._refusal, None
            if refusal is not None:
                self._refuse(*refusal)
            return
        waiting = self._waiting.popleft()
        if not self._waiting:
            self._resume()  # first, as the request may want to pause
        self._http10, self._keep_alive, self._upgrade = waiting.http10, waiting.keep_alive, waiting.upgrade
        length = waiting.headers.get(b"content-length")
        bare = waiting.complete and not waiting.parts and b"transfer-encoding" not in waiting.headers
        self._begin(waiting.headers, bare and length in (None, b"0"))
        stream = self._active
        self._body_open = not waiting.complete
        if stream is not None and not stream.request_complete:
            for part in waiting.parts:
                stream.on_request_data(part, False)
            if waiting.complete:
                stream.on_request_data(b"", True)

    def close_after(self, stream: Stream) -> None:
        """The response says `connection: close`."""
        self._close_after = True

    # Flow.

    def pause_request(self, stream: Stream) -> None:
        """Reads no more."""
        self._pause()

    def resume_request(self, stream: Stream) -> None:
        """Reads again, unless requests wait for their turn."""
        if not self._waiting:
            self._resume()

    def _pause(self) -> None:
        if not self._paused and not self._closed:
            self._paused = 1
            self.stats.downstream_flow_control_paused_reading_total.value += 1
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and not self._closed and not self.transport.is_closing():
            self._paused = 0
            self.stats.downstream_flow_control_resumed_reading_total.value += 1
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        self.blocked = True
        if self._active is not None:
            self._active.on_client_blocked()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.blocked = False
        if self._active is not None:
            self._active.on_client_ready()

    def abort_streams(self) -> None:
        """Ends the stream that was open."""
        self._waiting.clear()
        stream, self._active = self._active, None
        self.open_streams = 0
        if stream is not None and not stream.ended:
            stream.on_client_gone(ResponseFlag.DOWNSTREAM_CONNECTION_TERMINATION, "downstream_remote_disconnect")

    def streams(self) -> tuple[Stream, ...]:
        """The one that is open."""
        return () if self._active is None else (self._active,)

    def start_drain(self) -> None:
        """The next response says `connection: close`; an idle connection closes now."""
        self.draining = True
        if self._active is None and not self._in_head and not self._waiting:
            self._dead = True
            self.close()
