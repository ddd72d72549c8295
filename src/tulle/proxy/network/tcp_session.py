"""One connection of the TCP proxy: it waits for the upstream connection, is proxied, and is logged."""

import asyncio
from typing import TYPE_CHECKING

from tulle.proxy.deadlines import Timer
from tulle.proxy.network.addresses import name_of
from tulle.proxy.network.tcp_side import Side
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.response_flags import ResponseFlag
from tulle.proxy.telemetry.stream_info import StreamInfo

if TYPE_CHECKING:
    from tulle.proxy.network.tcp_proxy import TcpProxy
    from tulle.proxy.network.tcp_upstream import TcpUpstream


class TcpSession(StreamInfo, asyncio.Protocol):
    """The protocol of the downstream connection until the upstream one is there; then each has a `Side`."""

    __slots__ = (
        "_attempts",
        "_downstream",
        "_ended",
        "_eof",
        "_held",
        "_held_size",
        "_idle_timer",
        "_max_timer",
        "_proxy",
        "_upstream",
        "_upstream_side",
        "info",
        "transport",
    )

    def __init__(self, proxy: "TcpProxy", transport: asyncio.Transport, info: ConnectionInfo) -> None:
        super().__init__()
        self.start = info.start
        self.start_time = info.start_time
        self.downstream = info
        self.downstream_remote = info.remote
        self.transport = transport
        self._proxy = proxy
        self.info = info
        self._attempts = 0
        self._held: list[bytes] = []
        self._held_size = 0
        self._eof = False
        self._ended = False
        self._downstream: Side | None = None
        self._upstream_side: Side | None = None
        self._upstream: TcpUpstream | None = None
        self._idle_timer: Timer | None = None
        self._max_timer: Timer | None = None

    def begin(self, received: bytes) -> None:
        """Starts the timers and the first attempt to connect."""
        if received:
            self.data_received(received)
        proxy = self._proxy
        now = proxy.services.clock.time()
        if proxy.idle_timeout_s:
            self._idle_timer = proxy.services.clock.call_at(now + proxy.idle_timeout_s, self._check_idle)
        duration_s = proxy.draw_max_duration_s()
        if duration_s:
            self._max_timer = proxy.services.clock.call_at(now + duration_s, self._last_too_long)
        self._connect()

    # while there is no upstream connection

    def data_received(self, data: bytes) -> None:
        self._held.append(data)
        self._held_size += len(data)
        if self._held_size > self._proxy.buffer_limit:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        self._eof = True
        return True

    def connection_lost(self, error: Exception | None) -> None:
        if self._upstream is not None:
            self._upstream.cancel()
        self._end()

    def _connect(self) -> None:
        upstream = self._proxy.choose_upstream(self)
        if upstream is None:
            self.transport.abort()
            return
        self._attempts += 1
        self._upstream = upstream
        upstream.connect()

    def connect_failed(self, reason: str) -> None:
        """An attempt failed; the next begins at once (Envoy: tcp_proxy.cc, onGenericPoolFailure)."""
        upstream, self._upstream = self._upstream, None
        if self._ended:
            return
        self.response_flags |= ResponseFlag.UPSTREAM_CONNECTION_FAILURE
        self.upstream_transport_failure = reason
        if self._attempts < self._proxy.max_connect_attempts:
            self._connect()
            return
        self.response_flags |= ResponseFlag.CONNECT_ATTEMPTS_EXCEEDED
        if upstream is not None:
            upstream.cluster.stats.upstream_cx_connect_attempts_exceeded.value += 1
        self.transport.abort()

    def connected(self, upstream: "TcpUpstream", transport: asyncio.Transport) -> Side:
        """The upstream connection is there: joins both sides and sends what was held; gives the upstream's side."""
        proxy, stats = self._proxy, upstream.cluster.stats
        now = proxy.services.clock.time
        down, up = Side(self, self.transport, now), Side(upstream, transport, now)
        down.count_with(
            (proxy.stats.downstream_cx_rx_bytes_total, stats.upstream_cx_tx_bytes_total),
            (
                proxy.stats.downstream_flow_control_paused_reading_total,
                proxy.stats.downstream_flow_control_resumed_reading_total,
            ),
        )
        up.count_with(
            (stats.upstream_cx_rx_bytes_total, proxy.stats.downstream_cx_tx_bytes_total),
            (stats.upstream_flow_control_paused_reading_total, stats.upstream_flow_control_resumed_reading_total),
        )
        down.join(up)
        up.join(down)
        self._downstream, self._upstream_side = down, up
        if proxy.logs:
            self.upstream_local = name_of(transport.get_extra_info("sockname")).text
        limit_buffer(self.transport, proxy.buffer_limit)
        limit_buffer(transport, upstream.cluster.per_connection_buffer_limit)
        self.transport.set_protocol(down)
        self._release(down)
        return up

    def _release(self, down: Side) -> None:
        held, size = self._held, self._held_size
        self._held, self._held_size = [], 0
        for data in held:
            down.data_received(data)
        if size > self._proxy.buffer_limit:
            self.transport.resume_reading()
        if self._eof:
            down.eof_received()

    @property
    def buffered(self) -> int:
        """How many bytes wait in this process, in both directions."""
        sides = [side for side in (self._downstream, self._upstream_side) if side is not None and not side.lost]
        return self._held_size + sum(side.transport.get_write_buffer_size() for side in sides)

    # the end

    def side_lost(self, side: Side) -> None:
        """The downstream connection is gone; the upstream one is closing."""
        self._end()

    def _check_idle(self) -> None:
        proxy = self._proxy
        last = self.start
        for side in (self._downstream, self._upstream_side):
            if side is not None:
                last = max(last, side.last_active)
        due = last + proxy.idle_timeout_s
        if due > proxy.services.clock.time():
            self._idle_timer = proxy.services.clock.call_at(due, self._check_idle)
            return
        self._idle_timer = None
        proxy.stats.idle_timeout.value += 1
        self.abort()

    def _last_too_long(self) -> None:
        self._max_timer = None
        self._proxy.stats.max_downstream_connection_duration.value += 1
        self.response_flags |= ResponseFlag.DURATION_TIMEOUT
        self.abort()

    def abort(self) -> None:
        """Closes both connections without sending what is buffered."""
        if self._upstream_side is not None and not self._upstream_side.lost:
            self._upstream_side.abort()
        self.transport.abort()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        for timer in (self._idle_timer, self._max_timer):
            if timer is not None:
                timer.cancel()
        self._idle_timer = self._max_timer = None
        if self._downstream is not None and self._upstream_side is not None:
            self.bytes_received = self._downstream.received
            self.bytes_sent = self._upstream_side.received
        self._proxy.ended(self)
        closed, self.info.on_closed = self.info.on_closed, None
        if closed is not None:
            closed()


def limit_buffer(transport: asyncio.Transport, limit: int) -> None:
    """Pauses the source above `limit` bytes and resumes it at half of it, as Envoy's watermark buffers do."""
    transport.set_write_buffer_limits(high=limit, low=limit // 2)
