"""One request and its response, on their way through the filters."""

from time import monotonic
from typing import TYPE_CHECKING

from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import BUFFER, PAUSE
from tulle.proxy.http.local_reply import LocalReply
from tulle.proxy.http.request_passage import RequestPassage, joined
from tulle.proxy.http.runtime import CLOCK_S
from tulle.proxy.telemetry.response_flags import ResponseFlag

if TYPE_CHECKING:
    from tulle.proxy.http.filter_api import HttpFilter

GATEWAY_TIMEOUT, REQUEST_TIMEOUT = 504, 408
INTERNAL_ERROR = 500


class Stream(RequestPassage):
    """Begun by a codec with the request's headers; over when `ended` is true.

    `request` and `response` are the headers as they stand; filters may change them. `route` is what the request
    matched, None when nothing did. `random` is one draw of 64 bits, so that all decisions on a request agree.
    """

    __slots__ = ()

    # The response, from the router, or from a filter that answers by itself, to the client.

    def reply(
        self,
        status: int,
        body: bytes = b"",
        details: str = "",
        flags: int = 0,
        headers: Headers | None = None,
    ) -> int:
        """Answers instead of an upstream host; a response that has begun is cut. Returns a verdict for filters."""
        self.response_flags |= flags
        self.response_code_details = details
        if self.ended:
            return 1
        if self.response is not None:
            self.reset()
            return 1
        self.chain.router.abandon(self)
        reply = LocalReply(status, body, headers)
        self.response_code = status
        if self.direct_edit is not None:
            reply.edit = self.direct_edit
        response, body = self.manager.local_replies.build(self, reply)
        if body and self.request[b":method"] == b"HEAD":
            body = b""
        self.respond(response, not body)
        if body:
            self.respond_data(body, True)
        return 1

    def respond(self, headers: Headers, end: bool) -> None:
        """The headers of the response."""
        self.response = self.response_headers = headers
        if self.chain.response_headers:
            self._next_response_filter = 0
            self._room = -1
            self._run_response_filters(end)
        else:
            self.manager.finish_response_headers(self, headers)
            self.response_complete = end
            self.connection.send_headers(self, headers, end)
            if end:
                self.finish()

    def _run_response_filters(self, end: bool) -> None:
        filters = self.chain.response_headers
        while self._next_response_filter < len(filters):
            current = filters[self._next_response_filter]
            self._next_response_filter += 1
            verdict = current.on_response_headers(self, end)
            if self.ended:
                return
            if verdict == BUFFER and not end:
                self._room = self.manager.buffer_limit
                if self._held_response and self._held_response[-1][1]:
                    self._see_response_body()
                return
            if verdict == PAUSE:
                if end:
                    self._held_response = [(b"", True)]
                return
        self._next_response_filter = -1
        held, self._held_response = self._held_response, None
        assert self.response is not None
        if held == [(b"", True)]:
            end, held = True, None
        self._send_headers(self.response, end and not held)
        for data, last in held or ():
            if not self.ended:
                self._send_held(data, last)

    def resume_response(self) -> None:
        """Goes on behind the filter that paused the response."""
        if not self.ended and self._next_response_filter >= 0:
            self._run_response_filters(False)
            self.chain.router.resume_reading(self)

    def _send_held(self, data: bytes | Headers, end: bool) -> None:
        if isinstance(data, Headers):
            self.respond_trailers(data)
        else:
            self.respond_data(data, end)

    def _hold_response(self, data: bytes | Headers, end: bool) -> None:
        if self._held_response is None:
            self._held_response = []
            if self._room < 0 and not end:
                self.chain.router.pause_reading(self)
        self._held_response.append((data, end))
        if self._room < 0:
            return
        if not isinstance(data, Headers):
            self._room -= len(data)
            if self._room < 0:
                self._refuse_response()
                return
        if end:
            self._see_response_body()

    def _see_response_body(self) -> None:
        """The filter that asked for the whole body sees it."""
        current = self.chain.response_headers[self._next_response_filter - 1]
        self._room = -1
        body, self._held_response = joined(self._held_response)
        if not current.on_response_body(self, body) and not self.ended:
            self._run_response_filters(False)

    def _refuse_response(self) -> None:
        """The body is larger than a filter may gather; the answer does not see the filters (Envoy: DirectReply)."""
        self.manager.stats.rs_too_large.value += 1
        self.chain.router.abandon(self)
        self._held_response, self._next_response_filter = None, -1
        self.response_code_details = "response_payload_too_large"
        reply = LocalReply(INTERNAL_ERROR, b"Internal Server Error")
        response, body = self.manager.local_replies.build(self, reply)
        self.response = self.response_headers = response
        body = b"" if self.request[b":method"] == b"HEAD" else body
        self._send_headers(response, not body)
        if body:
            self._send_data(body, True)

    def respond_data(self, data: bytes, end: bool) -> None:
        """A piece of the response's body."""
        if self._next_response_filter >= 0:
            self._hold_response(data, end)
        elif self.chain.response_data:
            self._pass_response(data, end)
        else:
            self._send_data(data, end)

    def respond_trailers(self, trailers: Headers) -> None:
        """The response ends with trailers."""
        if self._next_response_filter >= 0:
            self._hold_response(trailers, True)
        else:
            self._pass_response(trailers, True)

    def _pass_response(self, data: bytes | Headers, end: bool, at: int = 0) -> None:
        """Through the filters of bodies from the one at this place on, and to the client."""
        if isinstance(data, Headers):
            for each in self.chain.response_trailers:
                if each.on_response_trailers(self, data) or self.ended:
                    return
            self.response_complete = True
            self.connection.send_trailers(self, data)
            self.finish()
            return
        for each in self.chain.response_data[at:]:
            verdict = each.on_response_data(self, data, end)
            if self.ended:
                return
            if isinstance(verdict, bytes):
                data = verdict
            elif verdict:
                return
        self._send_data(data, end)

    def pass_response_data(self, behind: "HttpFilter", data: bytes, end: bool) -> None:
        """A filter gives on what it kept of the body, or made."""
        if not self.ended:
            self._pass_response(data, end, self.chain.response_data.index(behind) + 1)

    def _send_data(self, data: bytes, end: bool) -> None:
        self.bytes_sent += len(data)
        if end:
            self.response_complete = True
            self.connection.send_data(self, data, True)
            self.finish()
        else:
            self.active_at = monotonic()
            self.connection.send_data(self, data, False)

    def inform(self, headers: Headers) -> None:
        """A 1xx response of an upstream host."""
        if self.response is None and not self.ended:
            self.connection.send_informational(self, headers)

    def _send_headers(self, headers: Headers, end: bool) -> None:
        self.manager.finish_response_headers(self, headers)
        if end:
            self.response_complete = True
        self.connection.send_headers(self, headers, end)
        if end:
            self.finish()

    # Ends.

    def finish(self) -> None:
        """The response is complete: counts, logs, and lets the connection go on."""
        if self.ended:
            return
        self.ended = True
        if not self.request_complete:
            # Envoy's codec resets what is left of the request, and counts it with those of clients.
            self.manager.stats.downstream_rq_rx_reset.value += 1
            self.chain.router.abandon(self)
        self.manager.stream_ended(self)
        self.upstream = None  # it refers to this stream: without the circle both are freed at once
        self.connection.stream_done(self)

    def reset(self) -> None:
        """Cuts the stream, because its response cannot come to its end."""
        if self.ended:
            return
        self.ended = True
        self.manager.stats.downstream_rq_tx_reset.value += 1
        self.manager.stats.downstream_rq_rx_reset.value += 1  # Envoy: onResetStream is called for both directions
        self.chain.router.abandon(self)
        self.manager.stream_ended(self)
        self.upstream = None
        self.connection.reset(self)

    def on_client_gone(self, flags: int, details: str) -> None:
        """The client cut the stream, or its connection is gone."""
        if self.ended:
            return
        self.ended = True
        self.response_flags |= flags
        self.response_code_details = details
        self.manager.stats.downstream_rq_rx_reset.value += 1
        self.chain.router.abandon(self)
        self.manager.stream_ended(self)
        self.upstream = None

    # Deadlines and flow control.

    def limit(self, idle_s: float | None, duration_s: float | None) -> None:
        """A route's timeouts in the place of the connection manager's; 0.0 for none, None leaves it as it is."""
        runtime = self.manager.runtime
        self.idle_limit_s = idle_s
        if idle_s:
            runtime.stream_idle.of(idle_s).add(self)
        if duration_s is not None:
            runtime.stream_durations.of(self.manager.settings.max_stream_duration_s or 0.0).discard(self)
        if duration_s:
            self.durations = runtime.stream_durations.of(duration_s)
            self.durations.add(self)

    def look_for_idleness(self) -> None:
        """A route's idle timeout has passed since the stream, or the last look, began."""
        if self.ended or not self.idle_limit_s:
            return
        left_s = self.active_at + self.idle_limit_s - monotonic()
        if left_s <= CLOCK_S:
            self.on_idle_timeout()
        else:
            self.manager.runtime.loop.call_later(left_s, self.look_for_idleness)

    def on_idle_timeout(self) -> None:
        """Nothing moved for too long."""
        if self.ended:
            return
        self.manager.stats.downstream_rq_idle_timeout.value += 1
        self.response_flags |= ResponseFlag.STREAM_IDLE_TIMEOUT
        self._time_out(b"stream timeout", "stream_idle_timeout")

    def on_max_duration(self) -> None:
        """The whole took too long."""
        if self.ended:
            return
        self.manager.stats.downstream_rq_max_duration_reached.value += 1
        self._time_out(b"downstream duration timeout", "max_duration_timeout", ResponseFlag.DURATION_TIMEOUT)

    def on_request_timeout(self) -> None:
        """The request did not come to its end in time."""
        if self.ended or self.request_complete:
            return
        self.manager.stats.downstream_rq_timeout.value += 1
        self._time_out(b"request timeout", "request_overall_timeout")

    def _time_out(self, body: bytes, details: str, flags: int = 0) -> None:
        # Envoy: Utility::maybeRequestTimeoutCode
        status = GATEWAY_TIMEOUT if self.request_complete else REQUEST_TIMEOUT
        self.reply(status, body, details, flags)

    def on_client_blocked(self) -> None:
        """The client reads slower than the response comes."""
        self.chain.router.pause_reading(self)

    def on_client_ready(self) -> None:
        """The client has read."""
        self.chain.router.resume_reading(self)
