"""Connections to one host that requests share: kept open, handed out, opened when there are too few."""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple, Protocol

from tulle.proxy.upstream.cluster import Cluster
from tulle.proxy.upstream.connector import Attempt, Connector
from tulle.proxy.upstream.hosts import Host


class PoolFailure:
    """Why there is no connection for a request; Envoy's words for the reset reason (Utility::resetReasonToString)."""

    OVERFLOW = "overflow"
    CONNECT_FAILURE = "remote connection failure"
    TIMEOUT = "connection timeout"


class Waiter(Protocol):
    """A request that wants a connection."""

    def on_pool_ready(self, connection: "Pooled") -> None:
        """Here it is; a request of the breaker is taken already."""

    def on_pool_failure(self, reason: str, transport_reason: str) -> None:
        """There is none."""


class Pooled(Protocol):
    """A connection of a pool. It calls `connected`, `released` and `gone` of the pool that made it."""

    requests: int  # begun so far

    def capacity(self) -> int:
        """How many more requests it takes now; 0 when it is to be used no more."""

    def close_when_idle(self) -> None:
        """Takes no more requests, and closes when those it has are done."""


class PoolPlace(NamedTuple):
    """What a pool is for."""

    cluster: Cluster
    host: Host
    priority: int


Make = Callable[["HttpPool"], Pooled]


class HttpPool:
    """The pool of one host, protocol and priority, in one worker (Envoy: conn_pool_base.cc).

    `ready` holds the connections that take a request now; the one that was used last comes first, so that the others
    can idle out. Requests that find none wait in `pending` while connections are opened for them.
    """

    __slots__ = (
        "_attempts",
        "_connector",
        "_draining",
        "_make",
        "_streams",
        "breaker",
        "cluster",
        "host",
        "multiplexed",
        "open",
        "pending",
        "ready",
    )

    def __init__(self, place: PoolPlace, connector: Connector, make: Make, streams: int) -> None:
        self.cluster = place.cluster
        self.host = place.host
        self.breaker = place.cluster.breakers[place.priority]
        self.multiplexed = streams > 1
        self._streams = streams  # what a connection takes at once, as far as we know before it is open
        self._connector = connector
        self._make = make
        self._draining = False
        self._attempts: dict[Pooled, Attempt] = {}
        self.ready: list[Pooled] = []
        self.open: set[Pooled] = set()
        self.pending: deque[Waiter] = deque()

    def acquire(self, waiter: Waiter) -> Pooled | None:
        """A connection for a request; None: it will be told later, or was told already why there is none."""
        ready = self.ready
        if not ready:
            self._enqueue(waiter)
            return None
        if not self.breaker.try_request():
            self.cluster.stats.upstream_rq_active_overflow.value += 1
            waiter.on_pool_failure(PoolFailure.OVERFLOW, "")
            return None
        connection = ready[-1]
        if not self.multiplexed or connection.capacity() <= 1:
            ready.pop()
        return connection

    def _enqueue(self, waiter: Waiter) -> None:
        stats = self.cluster.stats
        if not self.breaker.try_pending():
            stats.upstream_rq_pending_overflow.value += 1
            waiter.on_pool_failure(PoolFailure.OVERFLOW, "")
            return
        stats.upstream_rq_pending_total.value += 1
        stats.upstream_rq_pending_active.value += 1
        self.host.rq_pending_active += 1
        self.pending.append(waiter)
        self._connect_if_needed()

    def _connect_if_needed(self) -> None:
        if len(self.pending) <= len(self._attempts) * self._streams:
            return
        breaker = self.breaker
        # Envoy: a host without a connection may always have one.
        if not breaker.can_connect():
            self.cluster.stats.upstream_cx_overflow.value += 1
            if self.open or self._attempts:
                return
        breaker.add_connection()
        connection = self._make(self)
        self._count_begin()
        self._attempts[connection] = self._connector.connect(
            self.host,
            self.cluster.connect_timeout_s,
            lambda: connection,  # type: ignore[arg-type,return-value]
            lambda reason, timed_out: self._on_connect_failure(connection, reason, timed_out),
            self.cluster.transport.dialect(self.host, "h2" if self.multiplexed else "http/1.1"),
        )

    def _count_begin(self) -> None:
        stats, host = self.cluster.stats, self.host
        stats.upstream_cx_total.value += 1
        stats.upstream_cx_active.value += 1
        if self.multiplexed:
            stats.upstream_cx_http2_total.value += 1
        else:
            stats.upstream_cx_http1_total.value += 1
        host.cx_total += 1
        host.cx_active += 1

    def connected(self, connection: Pooled, began: float) -> None:
        """A connection is open; those that wait get it."""
        self._attempts.pop(connection, None)
        self.cluster.stats.upstream_cx_connect_ms.record((monotonic() - began) * 1000)
        self.open.add(connection)
        self.released(connection)

    def _on_connect_failure(self, connection: Pooled, reason: str, timed_out: bool) -> None:
        self._attempts.pop(connection, None)
        stats = self.cluster.stats
        self._count_end()
        self.host.cx_connect_fail += 1
        stats.upstream_cx_connect_fail.value += 1
        if timed_out:
            stats.upstream_cx_connect_timeout.value += 1
        # Envoy: a connect failure fails all that wait, so that nobody is stuck behind a host that is broken.
        pending, self.pending = self.pending, deque()
        for waiter in pending:
            self._leave_queue()
            stats.upstream_rq_pending_failure_eject.value += 1
            waiter.on_pool_failure(PoolFailure.TIMEOUT if timed_out else PoolFailure.CONNECT_FAILURE, reason)

    def _count_end(self) -> None:
        self.breaker.end_connection()
        stats = self.cluster.stats
        stats.upstream_cx_active.value -= 1
        stats.upstream_cx_destroy.value += 1
        self.host.cx_active -= 1

    def _leave_queue(self) -> None:
        self.breaker.end_pending()
        self.cluster.stats.upstream_rq_pending_active.value -= 1
        self.host.rq_pending_active -= 1

    def cancel(self, waiter: Waiter) -> None:
        """A request waits no longer."""
        if waiter in self.pending:
            self.pending.remove(waiter)
            self._leave_queue()
            self.cluster.stats.upstream_rq_cancelled.value += 1

    def released(self, connection: Pooled) -> None:
        """A connection takes one more request than before: the next that waits gets it."""
        if self.pending:
            self._serve_pending(connection)
        if self._draining:
            connection.close_when_idle()
        elif connection.capacity() and connection in self.open and not (self.multiplexed and connection in self.ready):
            self.ready.append(connection)

    def _serve_pending(self, connection: Pooled) -> None:
        while self.pending and connection.capacity():
            waiter = self.pending.popleft()
            self._leave_queue()
            if self.breaker.try_request():
                waiter.on_pool_ready(connection)
            else:
                self.cluster.stats.upstream_rq_active_overflow.value += 1
                waiter.on_pool_failure(PoolFailure.OVERFLOW, "")

    def withdraw(self, connection: Pooled) -> None:
        """A connection takes no more requests, though it may still have some."""
        if connection in self.ready:
            self.ready.remove(connection)

    def gone(self, connection: Pooled) -> None:
        """A connection that was open is closed."""
        self.open.discard(connection)
        self.withdraw(connection)
        self._count_end()
        if self.pending:
            self._connect_if_needed()

    def drain(self) -> None:
        """The host or its cluster is gone: idle connections close now, the others when they are done."""
        self._draining = True
        self.ready.clear()
        for connection in tuple(self.open):
            connection.close_when_idle()
