"""Our HTTP/1.1 connection to an upstream host: one request at a time."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from tulle.proxy.headers import Headers
from tulle.proxy.http.client_connection import PROTOCOL_ERROR, TERMINATION, ClientConnection
from tulle.proxy.http.failures import fail_stream
from tulle.proxy.http.h1.encode import LAST_CHUNK, encode_chunk, encode_request
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.router.inline_headers import OF_RESPONSES
from tulle.proxy.upstream.pools import HttpPool

if TYPE_CHECKING:
    from tulle.proxy.http.filters.router_request import UpstreamRequest

_SPACE = 0x20
_NEW_RESPONSE = {b":status": b""}
_NO_HEADERS = Headers()  # stands for fields of which none has come; never changed

_STATUS = {code: b"%d" % code for code in range(100, 1000)}
_EMPTY_LINE = b"content-length: 0"
_CHUNKED_LINE = b"transfer-encoding: chunked"
# Envoy: HeaderUtility::requestShouldHaveNoBody
_BODILESS_METHODS = frozenset({b"GET", b"HEAD", b"DELETE", b"TRACE", b"CONNECT"})
SWITCHING_PROTOCOLS = 101
_BODILESS_STATUS = frozenset({204, 304})
_NO_CONTENT, _LAST_STATUS = 204, 999
_DIGITS = 20  # of the longest length without zeros before it
_COPY_BELOW = 16 * 1024
# Envoy: DEFAULT_MAX_HEADERS_COUNT, and MaxResponseHeadersKb of its HTTP/1 codec
_MAX_FIELDS, _MAX_HEAD = 100, 80 * 1024


class Http1ClientConnection(ClientConnection):
    """Belongs to a pool; `request` is the one that it carries now."""

    __slots__ = (
        "_broken",
        "_chunked",
        "_deferred",
        "_free",
        "_head",
        "_head_only",
        "_headers",
        "_informational",
        "_keep_alive",
        "_left",
        "_parser",
        "_paused",
        "_request_done",
        "_responding",
        "_tunnel",
        "_unread",
        "_until_close",
        "_upgrade",
        "request",
    )

    protocol_name = "HTTP/1.1"

    def __init__(self, pool: HttpPool, runtime: HttpRuntime) -> None:
        super().__init__(pool, runtime)
        self.request: UpstreamRequest | None = None
        self._parser: HttpResponseParser | None = None
        self._headers = _NO_HEADERS  # of the head, or of the trailers, that is being read
        self._broken = False  # a request was under way when we closed it
        self._paused = False
        self._request_done = True
        self._responding = False  # the head of the response was passed on, its body is still coming
        self._chunked = False
        self._head_only = False
        self._keep_alive = True
        self._informational = False
        self._until_close = False
        self._upgrade = False  # the request asks for another protocol
        self._tunnel = False  # and got it: bytes pass as they are
        self._free = False
        self._head = b""
        self._left = -1
        self._unread = 0  # bytes since the request was sent, or since the last informational response
        self._deferred: Headers | None = None

    # What the pool asks.

    def capacity(self) -> int:
        """One, when nothing is under way."""
        return 0 if self.request is not None or self._closed or self._retired else 1

    def _is_busy(self) -> bool:
        return self.request is not None

    # Life.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open: the pool hands out the first request."""
        super().connection_made(transport)
        self._parser = HttpResponseParser(self)
        self.pool.connected(self, self._began)

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed, by whomever; a request that was under way is lost, unless its response ends with the connection."""
        self._parser = None
        request, self.request = self.request, None
        self._end(request is not None or self._broken)
        if request is None:
            return
        if self._until_close and exc is None:
            request.on_response_data(b"", True)
        else:
            # Envoy: a body that ends before its time breaks the protocol.
            request.on_reset(PROTOCOL_ERROR if self._responding else TERMINATION, "")

    # The request.

    def send_headers(self, request: "UpstreamRequest", headers: Headers, end: bool) -> None:
        """Begins a request."""
        self.request = request
        self.requests += 1
        self._request_done = end
        self._unread = 0
        method = headers[b":method"]
        self._head_only = method == b"HEAD"
        self._chunked = False
        self._upgrade = b"upgrade" in headers
        if b"content-length" in headers or self._upgrade:
            data = encode_request(headers)
        elif not end:
            self._chunked = True
            data = encode_request(headers, _CHUNKED_LINE)
        elif method in _BODILESS_METHODS:
            data = encode_request(headers)
        else:
            data = encode_request(headers, _EMPTY_LINE)
        if end:
            self._write(data)
        else:
            # The head leaves with the first piece of the body, or before the loop waits again.
            self._head = data
            self._runtime.flush_soon(self)

    def flush(self) -> None:
        """Writes a head whose body has not come yet."""
        head, self._head = self._head, b""
        if head and not self._closed:
            self._write(head)

    def _write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        self.pool.cluster.stats.upstream_cx_tx_bytes_total.value += len(data)
        self._transport.write(data)  # type: ignore[union-attr]

    def send_data(self, request: "UpstreamRequest", data: bytes, end: bool) -> None:
        """A piece of the body."""
        if self._chunked:
            if data:
                if len(data) < _COPY_BELOW:
                    self._write(encode_chunk(data))
                else:
                    self._write(b"%x\r\n" % len(data))
                    self._write(data)
                    self._write(b"\r\n")
            if end:
                self._write(LAST_CHUNK)
        elif data:
            self._write(data)
        if end:
            self._end_request()

    def send_trailers(self, request: "UpstreamRequest", trailers: Headers) -> None:
        """The end of a chunked body; trailers are not sent over HTTP/1 (Envoy: enable_trailers is off)."""
        if self._chunked:
            self._write(LAST_CHUNK)
        self._end_request()

    def _end_request(self) -> None:
        self._request_done = True

    def cancel(self, request: "UpstreamRequest") -> None:
        """Nobody wants the response: HTTP/1 has no other way than to close."""
        self.request = None
        self._retired = self._broken = True
        self._local_close = True
        self.pool.withdraw(self)
        if self._transport is not None:
            self._transport.abort()

    # The response.

    def data_received(self, data: bytes) -> None:
        """Feeds the parser; a connection whose response is whole goes back to the pool once all bytes are read."""
        self.pool.cluster.stats.upstream_cx_rx_bytes_total.value += len(data)
        request = self.request
        if request is None:
            # Envoy: bytes that nobody asked for end the connection.
            self._on_protocol_error()
            return
        if self._tunnel:
            request.on_response_data(data, False)
            return
        runtime = self._runtime
        runtime.reading = True
        self._unread += len(data)
        try:
            self._parser.feed_data(data)  # type: ignore[union-attr]
        except HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
        except HttpParserError as error:
            self._on_parser_error(request, error)
        if self._unread > _MAX_HEAD and not self._responding and not self._tunnel and self.request is not None:
            self._on_protocol_error()  # the head is too large before it is whole
        runtime.reading = False
        if runtime.dirty:
            runtime.flush()
        if self._free:
            self._free = False
            if self._retired:
                self._close()
            elif not self._closed:
                self.pool.released(self)

    def _after_upgrade(self, rest: bytes) -> None:
        """The parser has stopped behind a 101."""
        if not self._tunnel:
            self._on_protocol_error()
        elif rest and self.request is not None:
            self.request.on_response_data(rest, False)

    def _on_parser_error(self, request: "UpstreamRequest", error: HttpParserError) -> None:
        """The host broke the rules, or we failed; the parser has lost its place, so the connection ends either way."""
        if not isinstance(error, HttpParserCallbackError):
            self._on_protocol_error()
            return
        self.cancel(request)
        fail_stream(request.stream, error.__context__ or error)

    def _on_protocol_error(self) -> None:
        if self._closed or self._broken:
            return
        request, self.request = self.request, None
        self._retired = True
        self._broken = request is not None
        self.pool.withdraw(self)
        self._local_close = True
        if self._transport is not None:
            self._transport.abort()
        self.pool.cluster.stats.upstream_cx_protocol_error.value += 1
        if request is not None:
            request.on_reset(PROTOCOL_ERROR, "")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; those of trailers are dropped."""
        name = name.lower()
        if value and value[-1] <= _SPACE:
            value = value.rstrip(b" \t")
        headers = self._headers
        if headers is _NO_HEADERS:
            if self._responding:
                return  # Envoy: trailers of HTTP/1 go no further (enable_trailers is off)
            headers = self._headers = Headers(_NEW_RESPONSE)
        if name in headers:
            headers.gather(name, value, OF_RESPONSES)
        else:
            headers[name] = value

    def on_headers_complete(self) -> None:
        """The head is whole."""
        parser, request = self._parser, self.request
        headers = self._headers
        if headers is _NO_HEADERS:
            headers = Headers(_NEW_RESPONSE)
        self._headers = _NO_HEADERS
        if parser is None or request is None:
            self._retired = True  # a response that nobody asked for, behind one that somebody did
            return
        status = parser.get_status_code()
        headers[b":status"] = _STATUS.get(status, b"")
        if (
            status < 200
            or status == _NO_CONTENT
            or status > _LAST_STATUS
            or b"transfer-encoding" in headers
            or len(headers) > _MAX_FIELDS
            or headers.more is not None
            or self._unread > _MAX_HEAD
        ) and _breaks_rules(headers, status, self._unread):
            self._on_protocol_error()
            return
        if status == SWITCHING_PROTOCOLS and self._upgrade:
            self._tunnel = self._until_close = True
            request.on_response_headers(headers, False)
            return
        if status < 200:
            self._informational = True
            self._unread = 0
            request.on_informational(headers)
            return
        self._keep_alive = parser.should_keep_alive()
        self._frame(request, headers, status)

    def _frame(self, request: "UpstreamRequest", headers: Headers, status: int) -> None:
        """Finds out how the end of the body is told (RFC 9112 § 6.3), and passes the headers on."""
        length = headers.get(b"content-length")
        self._left = -1
        if self._head_only:
            # llhttp does not know that no body follows, so it must not see what comes next.
            self._parser = HttpResponseParser(self)
            self._end_response()
            request.on_response_headers(headers, True)
        elif status in _BODILESS_STATUS or (length == b"0" and b"transfer-encoding" not in headers):
            self._deferred = headers
        else:
            if length is not None:
                self._left = int(length[-_DIGITS:])  # the parser has seen that it fits
            else:
                self._until_close = b"transfer-encoding" not in headers
            self._responding = True
            request.on_response_headers(headers, False)

    def on_body(self, data: bytes) -> None:
        """A piece of the body; where the length is known, the last one is known too."""
        request = self.request
        if request is None:
            self._on_protocol_error()  # a body where there can be none
            return
        if self._left >= 0:
            self._left -= len(data)
            if self._left == 0:
                self._end_response()
                request.on_response_data(data, True)
                return
        request.on_response_data(data, False)

    def on_message_complete(self) -> None:
        """The response is whole."""
        if self._informational or self._tunnel:
            self._informational = False
            return
        request = self.request
        if request is None:
            return
        headers, self._deferred = self._deferred, None
        self._end_response()
        if headers is not None:
            request.on_response_headers(headers, True)
        else:
            request.on_response_data(b"", True)

    def _end_response(self) -> None:
        """The connection is free for another request, if both sides want that."""
        self.request = None
        self._free = True
        self._until_close = self._responding = False
        self._last_use = monotonic()
        if self._paused:
            self._resume()
        limit = self.pool.cluster.http.max_requests_per_connection
        if limit and self.requests >= limit:
            self.pool.cluster.stats.upstream_cx_max_requests.value += 1
            self._retired = True
        elif not self._keep_alive:
            self.pool.cluster.stats.upstream_cx_close_notify.value += 1
            self._retired = True
        elif not self._request_done:
            self._retired = self._broken = True

    # Flow.

    def pause_reading(self, request: "UpstreamRequest") -> None:
        """The client is slow."""
        if not self._paused and self._transport is not None and not self._closed:
            self._paused = True
            self.pool.cluster.stats.upstream_flow_control_paused_reading_total.value += 1
            self._transport.pause_reading()

    def resume_reading(self, request: "UpstreamRequest") -> None:
        """The client takes more."""
        self._resume()

    def _resume(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self.pool.cluster.stats.upstream_flow_control_resumed_reading_total.value += 1
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """The host reads slower than the client sends."""
        self.blocked = True
        if self.request is not None:
            self.pool.cluster.stats.upstream_flow_control_backed_up_total.value += 1
            self.request.on_upstream_blocked()

    def resume_writing(self) -> None:
        """The host has caught up."""
        self.blocked = False
        if self.request is not None:
            self.pool.cluster.stats.upstream_flow_control_drained_total.value += 1
            self.request.on_upstream_ready()


def _breaks_rules(headers: Headers, status: int, read: int) -> bool:
    """Whether a head is too large, tells a body that it must not have, or one in a coding that we do not take."""
    if status not in _STATUS or len(headers) - 1 + len(headers.more or ()) > _MAX_FIELDS:
        return True
    if read > _MAX_HEAD and sum(len(name) + len(value) for name, value in headers.fields()) > _MAX_HEAD:
        return True
    coding = headers.get(b"transfer-encoding")
    if status == _NO_CONTENT or status < 200:
        length = headers.pop(b"content-length", b"")
        return coding is not None or length.strip(b"0") != b""
    return coding is not None and coding.lower() != b"chunked"
