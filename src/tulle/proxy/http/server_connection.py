"""What the connections of both HTTP versions have in common on the side of the client."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from tulle.proxy.headers import Headers
from tulle.proxy.http.runtime import CLOCK_S
from tulle.proxy.telemetry.connection_info import ConnectionInfo

if TYPE_CHECKING:
    from tulle.proxy.http.connection_manager import ConnectionManager
    from tulle.proxy.http.stream import Stream

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class ServerConnection(asyncio.Protocol):
    """A client's connection: counted while it is open, closed when it idles, told of drains.

    A codec implements the calls that write; `open_streams` is kept by it.
    """

    __slots__ = (
        "_closed",
        "_duration_timer",
        "_idle_timer",
        "_late_timer",
        "_local_close",
        "blocked",
        "draining",
        "filter_notes",
        "idle_since",
        "info",
        "manager",
        "open_streams",
        "requests",
        "runtime",
        "settings",
        "stats",
        "transport",
    )

    protocol_name = "HTTP/1.1"

    def __init__(self, manager: "ConnectionManager", transport: asyncio.Transport, info: ConnectionInfo) -> None:
        self.manager = manager
        self.runtime = manager.runtime
        self.settings = manager.settings
        self.stats = manager.stats
        self.transport = transport
        self.info = info
        self.open_streams = 0
        self.requests = 0
        self.idle_since = 0.0  # monotonic clock; counts while no stream is open
        self.draining = False
        self.filter_notes: dict[object, Any] | None = None  # what filters keep of this connection
        self.blocked: bool = False  # the client takes less than we have for it
        self._closed: bool = False
        self._local_close = False
        # Kept so that they end with the connection: a timer holds whom it rings for.
        self._idle_timer: Any = None
        self._duration_timer: Any = None
        self._late_timer: Any = None  # of the end that was put off

    # What a codec does.

    def send_headers(self, stream: "Stream", headers: Headers, end: bool) -> None:
        """The response's headers; `:status` stands first."""
        raise NotImplementedError

    def send_informational(self, stream: "Stream", headers: Headers) -> None:
        """A 1xx response."""
        raise NotImplementedError

    def send_data(self, stream: "Stream", data: bytes, end: bool) -> None:
        """A piece of the response's body."""
        raise NotImplementedError

    def send_trailers(self, stream: "Stream", trailers: Headers) -> None:
        """The end of the response."""
        raise NotImplementedError

    def reset(self, stream: "Stream") -> None:
        """Ends the stream in the middle."""
        raise NotImplementedError

    def pause_request(self, stream: "Stream") -> None:
        """Takes no more of the request's body for now."""
        raise NotImplementedError

    def resume_request(self, stream: "Stream") -> None:
        """Takes more of it."""
        raise NotImplementedError

    def stream_done(self, stream: "Stream") -> None:
        """The response is complete; the request may not be."""
        raise NotImplementedError

    def close_after(self, stream: "Stream") -> None:
        """A request was so wrong that its HTTP/1 connection ends with it; streams of HTTP/2 are on their own."""

    def abort_streams(self) -> None:
        """The connection is gone: its streams end."""
        raise NotImplementedError

    def start_drain(self) -> None:
        """Asks the client to go elsewhere; ends when nothing is open."""
        raise NotImplementedError

    # What all share.

    def opened(self) -> None:
        """Counts the connection and starts to wait for requests."""
        stats = self.stats
        stats.downstream_cx_total.value += 1
        stats.downstream_cx_active.value += 1
        if self.info.tls is not None:
            stats.downstream_cx_ssl_total.value += 1
            stats.downstream_cx_ssl_active.value += 1
        self.manager.open.add(self)
        self.idle_since = monotonic()
        settings = self.settings
        self._watch(self.manager.patience_s)
        if settings.max_connection_duration_s:
            delay_s = settings.max_connection_duration_s
            self._duration_timer = self.runtime.loop.call_later(delay_s, self._on_max_duration)

    def _watch(self, delay_s: float) -> None:
        if delay_s:
            self._idle_timer = self.runtime.loop.call_later(delay_s, self._look)

    def _look(self) -> None:
        """Ends what has been idle for too long, the connection or streams of it, and comes again when more could be.

        No timer is set per request: a look comes as often as the shortest timeout, and exactly when the next can end.
        """
        if self._closed:
            return
        settings, now = self.settings, monotonic()
        next_s = self.manager.patience_s
        if self.open_streams:
            limit_s = settings.stream_idle_timeout_s
            for stream in self.streams() if limit_s else ():
                if stream.idle_limit_s is not None:
                    continue  # its route looks after it
                left_s = stream.active_at + limit_s - now
                if left_s <= CLOCK_S:
                    stream.on_idle_timeout()
                else:
                    next_s = min(next_s, left_s)
        elif settings.idle_timeout_s:
            left_s = self.idle_since + settings.idle_timeout_s - now
            if left_s <= CLOCK_S:
                self.stats.downstream_cx_idle_timeout.value += 1
                self.start_drain()
                return
            next_s = min(next_s, left_s)
        self._watch(next_s)

    def streams(self) -> "tuple[Stream, ...]":
        """Those that are open."""
        raise NotImplementedError

    def on_header_timeout(self) -> None:
        """A request was begun and its headers did not come to an end."""

    def _on_max_duration(self) -> None:
        if not self._closed:
            self.stats.downstream_cx_max_duration_reached.value += 1
            self.start_drain()

    def close(self) -> None:
        """Closes once what was written has left."""
        self._local_close = True
        self.transport.close()

    def close_after_delay(self) -> None:
        """Gives a client that still sends time to read its answer (Envoy: delayed_close_timeout)."""
        delay_s = self.settings.delayed_close_timeout_s
        if not delay_s:
            self.close()
            return
        self._local_close = True
        self._late_timer = self.runtime.loop.call_later(delay_s, self._close_late)

    def _close_late(self) -> None:
        if not self._closed:
            self.stats.downstream_cx_delayed_close_timeout.value += 1
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends what is open and counts."""
        self._closed = True
        self._stop_timers()
        had_streams = self.open_streams > 0
        self.abort_streams()
        self._count_end(had_streams)
        manager = self.manager
        manager.open.discard(self)
        if self.info.on_closed is not None:
            self.info.on_closed()
        manager.connection_closed()

    def _stop_timers(self) -> None:
        for timer in (self._idle_timer, self._duration_timer, self._late_timer):
            if timer is not None:
                timer.cancel()
        self._idle_timer = self._duration_timer = self._late_timer = None

    def _count_end(self, had_streams: bool) -> None:
        stats = self.stats
        stats.downstream_cx_active.value -= 1
        if self.info.tls is not None:
            stats.downstream_cx_ssl_active.value -= 1
        stats.downstream_cx_destroy.value += 1
        if self._local_close:
            stats.downstream_cx_destroy_local.value += 1
        else:
            stats.downstream_cx_destroy_remote.value += 1
        if had_streams:
            stats.downstream_cx_destroy_active_rq.value += 1
            if self._local_close:
                stats.downstream_cx_destroy_local_active_rq.value += 1
            else:
                stats.downstream_cx_destroy_remote_active_rq.value += 1
        stats.downstream_cx_length_ms.record((monotonic() - self.info.start) * 1000)
