"""The upstream connection of one TCP session, and how its cluster and host count it."""

import asyncio
from typing import TYPE_CHECKING

from tulle.proxy.network.tcp_side import Side
from tulle.proxy.upstream.circuit_breakers import DEFAULT
from tulle.proxy.upstream.cluster import Cluster
from tulle.proxy.upstream.connector import Attempt
from tulle.proxy.upstream.hosts import Host

if TYPE_CHECKING:
    from tulle.proxy.network.tcp_proxy import TcpServices
    from tulle.proxy.network.tcp_session import TcpSession


class TcpUpstream(asyncio.Protocol):
    """One attempt to connect, and what comes of it; it has a place among the cluster's pending ones already.

    The protocol of the connection until it is made; the side of the session that takes over tells of its end.
    """

    __slots__ = ("_attempt", "_connector", "_now", "_session", "_start", "cluster", "host")

    def __init__(self, session: "TcpSession", cluster: Cluster, host: Host, services: "TcpServices") -> None:
        self._session = session
        self._connector = services.connector
        self._now = services.clock.time
        self._attempt: Attempt | None = None
        self._start = 0.0
        self.cluster = cluster
        self.host = host

    def connect(self) -> None:
        """Begins; `connected` or `connect_failed` of the session follows."""
        self._start = self._now()
        self.cluster.breakers[DEFAULT].add_connection()
        stats = self.cluster.stats
        stats.upstream_cx_total.value += 1
        stats.upstream_cx_active.value += 1
        stats.upstream_rq_pending_total.value += 1
        stats.upstream_rq_pending_active.value += 1
        self.host.cx_total += 1
        self.host.cx_active += 1
        self._attempt = self._connector.connect(
            self.host,
            self.cluster.connect_timeout_s,
            self._protocol,
            self._connect_failed,
            self.cluster.transport.dialect(self.host, ""),
        )

    def _protocol(self) -> asyncio.Protocol:
        return self

    def cancel(self) -> None:
        """The session is gone before the connection was made."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.cancel()
            self.cluster.stats.upstream_rq_cancelled.value += 1
            self.cluster.stats.upstream_cx_destroy_local.value += 1
            self._count_unmade()

    def _connect_failed(self, reason: str, timed_out: bool) -> None:
        self._attempt = None
        stats = self.cluster.stats
        stats.upstream_cx_connect_fail.value += 1
        if timed_out:
            stats.upstream_cx_connect_timeout.value += 1
            stats.upstream_cx_destroy_local.value += 1
        else:
            stats.upstream_cx_destroy_remote.value += 1
        stats.upstream_rq_pending_failure_eject.value += 1
        self.host.cx_connect_fail += 1
        self._count_unmade()
        self._session.connect_failed(reason)

    def _count_unmade(self) -> None:
        stats = self.cluster.stats
        stats.upstream_rq_pending_active.value -= 1
        stats.upstream_cx_active.value -= 1
        stats.upstream_cx_destroy.value += 1
        self._record_length()
        breaker = self.cluster.breakers[DEFAULT]
        breaker.end_pending()
        breaker.end_connection()
        self.host.cx_active -= 1

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is a stream's
        if self._attempt is None:
            transport.abort()
            return
        self._attempt = None
        self.cluster.breakers[DEFAULT].end_pending()
        stats = self.cluster.stats
        stats.upstream_rq_pending_active.value -= 1
        stats.upstream_rq_total.value += 1
        stats.upstream_rq_active.value += 1
        stats.upstream_cx_connect_ms.record((self._now() - self._start) * 1000)
        self.host.rq_total += 1
        self.host.rq_active += 1
        transport.set_protocol(self._session.connected(self, transport))

    def side_lost(self, side: Side) -> None:
        """The connection is gone; counts who ended it."""
        stats = self.cluster.stats
        stats.upstream_cx_active.value -= 1
        stats.upstream_rq_active.value -= 1
        stats.upstream_cx_destroy.value += 1
        stats.upstream_cx_destroy_with_active_rq.value += 1
        if side.closed_here:
            stats.upstream_cx_destroy_local.value += 1
            stats.upstream_cx_destroy_local_with_active_rq.value += 1
        else:
            stats.upstream_cx_destroy_remote.value += 1
            stats.upstream_cx_destroy_remote_with_active_rq.value += 1
        self._record_length()
        self.cluster.breakers[DEFAULT].end_connection()
        self.host.cx_active -= 1
        self.host.rq_active -= 1

    def _record_length(self) -> None:
        self.cluster.stats.upstream_cx_length_ms.record((self._now() - self._start) * 1000)
