"""What our connections to upstream hosts have in common in both HTTP versions."""

import asyncio
from time import monotonic
from typing import Any, cast

from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.upstream.pools import HttpPool

TERMINATION = "connection termination"
PROTOCOL_ERROR = "protocol error"


class ClientConnection(asyncio.Protocol):
    """A connection of a pool: counted when it ends, closed when it idles or has lived its time.

    A codec carries the requests; it keeps `_last_use`, and `_closed` from the loss of the connection on.
    """

    __slots__ = (
        "_began",
        "_closed",
        "_duration_timer",
        "_idle_timer",
        "_last_use",
        "_local_close",
        "_opened",
        "_retired",
        "_runtime",
        "_transport",
        "blocked",
        "local_address",
        "pool",
        "requests",
    )

    def __init__(self, pool: HttpPool, runtime: HttpRuntime) -> None:
        self.pool = pool
        self.requests = 0
        self.blocked: bool = False  # the host takes less than we have for it
        self.local_address = ""
        self._runtime = runtime
        self._transport: asyncio.Transport | None = None
        self._began = monotonic()
        self._opened = self._last_use = 0.0
        self._closed: bool = False
        self._retired = False  # takes no further request
        self._local_close = False
        # Kept so that they end with the connection: a timer holds whom it rings for.
        self._idle_timer: Any = None
        self._duration_timer: Any = None

    def capacity(self) -> int:
        """How many more requests it takes now; the codec knows."""
        raise NotImplementedError

    def _is_busy(self) -> bool:
        """Whether a request is under way; the codec knows."""
        raise NotImplementedError

    def close_when_idle(self) -> None:
        """Closes now, or with the last request."""
        self._retired = True
        if not self._is_busy():
            self._close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open: notes where from, and sets the timers; the codec then tells the pool."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclass of it
        self._opened = self._last_use = monotonic()
        name = transport.get_extra_info("sockname")
        if isinstance(name, tuple):
            self.local_address = f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
        http = self.pool.cluster.http
        if http.idle_timeout_s:
            self._idle_timer = self._runtime.loop.call_later(http.idle_timeout_s, self._on_idle_timer)
        if http.max_connection_duration_s:
            delay_s = http.max_connection_duration_s
            self._duration_timer = self._runtime.loop.call_later(delay_s, self._on_max_duration)

    def _on_idle_timer(self) -> None:
        """Closes when nothing was asked for the whole time, else looks again at the time when that could be so."""
        if self._closed:
            return
        idle_s = self.pool.cluster.http.idle_timeout_s
        left_s = idle_s if self._is_busy() else self._last_use + idle_s - monotonic()
        if left_s > 0.001:
            self._idle_timer = self._runtime.loop.call_later(left_s, self._on_idle_timer)
            return
        self.pool.cluster.stats.upstream_cx_idle_timeout.value += 1
        self.pool.withdraw(self)
        self.close_when_idle()

    def _on_max_duration(self) -> None:
        if not self._closed:
            self.pool.cluster.stats.upstream_cx_max_duration_reached.value += 1
            self.pool.withdraw(self)
            self.close_when_idle()

    def _close(self) -> None:
        self._local_close = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()

    def _end(self, busy: bool) -> None:
        """The connection is lost: ends the timers, counts, tells the pool."""
        self._closed = True
        for timer in (self._idle_timer, self._duration_timer):
            if timer is not None:
                timer.cancel()
        stats = self.pool.cluster.stats
        stats.upstream_cx_length_ms.record((monotonic() - self._opened) * 1000)
        stats.upstream_rq_per_cx.record(self.requests)
        if self._local_close:
            stats.upstream_cx_destroy_local.value += 1
        else:
            stats.upstream_cx_destroy_remote.value += 1
        if busy:
            stats.upstream_cx_destroy_with_active_rq.value += 1
            if self._local_close:
                stats.upstream_cx_destroy_local_with_active_rq.value += 1
            else:
                stats.upstream_cx_destroy_remote_with_active_rq.value += 1
        self.pool.gone(self)
