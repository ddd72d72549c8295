"""How much a cluster may be asked for at once, by priority."""

from typing import NamedTuple

from tulle.protos.messages import CircuitBreakers as CircuitBreakersProto
from tulle.proxy.telemetry.stats import Gauge
from tulle.proxy.upstream.cluster_stats import PRIORITY_NAMES, ClusterStats

DEFAULT, HIGH = 0, 1  # core.RoutingPriority


class Thresholds(NamedTuple):
    """The limits of one priority, with Envoy's defaults."""

    max_connections: int = 1024
    max_pending: int = 1024
    max_requests: int = 1024
    max_retries: int = 3
    track_remaining: bool = False


_DEFAULTS = Thresholds()


class CircuitBreaker:
    """The limits of one priority of one cluster and what counts against them.

    `try_…` takes one if there is room, and `end_…` gives it back; nothing else changes the numbers, so counts that
    all workers share can take this one's place behind the same methods.
    """

    __slots__ = ("_priority", "_stats", "connections", "limits", "pending", "requests", "retries")

    def __init__(self, stats: ClusterStats, priority: int, limits: Thresholds) -> None:
        self._stats = stats
        self._priority = priority
        self.limits = limits
        self.connections = 0
        self.pending = 0
        self.requests = 0
        self.retries = 0
        if limits.track_remaining:
            for name, most in zip(_REMAINING, limits, strict=False):
                self._gauge(name).value = most

    def can_connect(self) -> bool:
        """Whether a connection is within the limit. A host without any may always have one (Envoy: conn_pool_base)."""
        return self.connections < self.limits.max_connections

    def add_connection(self) -> None:
        """A connection begins, over the limit or not."""
        self.connections += 1
        if self.connections >= self.limits.max_connections:
            self._gauge("cx_open").value = 1
        if self.limits.track_remaining:
            self._track("remaining_cx", self.limits.max_connections, self.connections)

    def end_connection(self) -> None:
        """A connection is gone."""
        self.connections -= 1
        if self.connections + 1 >= self.limits.max_connections:
            self._gauge("cx_open").value = int(self.connections >= self.limits.max_connections)
        if self.limits.track_remaining:
            self._track("remaining_cx", self.limits.max_connections, self.connections)

    def try_pending(self) -> bool:
        """Takes a place in the queue of those that wait for a connection; False when it is full."""
        limits = self.limits
        if self.pending >= limits.max_pending:
            return False
        self.pending += 1
        if self.pending == limits.max_pending:
            self._gauge("rq_pending_open").value = 1
        if limits.track_remaining:
            self._track("remaining_pending", limits.max_pending, self.pending)
        return True

    def end_pending(self) -> None:
        """Leaves the queue."""
        limits = self.limits
        if self.pending == limits.max_pending:
            self._gauge("rq_pending_open").value = 0
        self.pending -= 1
        if limits.track_remaining:
            self._track("remaining_pending", limits.max_pending, self.pending)

    def try_request(self) -> bool:
        """Begins a request; False when there are too many."""
        limits = self.limits
        if self.requests >= limits.max_requests:
            return False
        self.requests += 1
        if self.requests == limits.max_requests:
            self._gauge("rq_open").value = 1
        if limits.track_remaining:
            self._track("remaining_rq", limits.max_requests, self.requests)
        return True

    def end_request(self) -> None:
        """A request is done."""
        limits = self.limits
        if self.requests == limits.max_requests:
            self._gauge("rq_open").value = 0
        self.requests -= 1
        if limits.track_remaining:
            self._track("remaining_rq", limits.max_requests, self.requests)

    def try_retry(self) -> bool:
        """Begins a retry; False when there are too many."""
        limits = self.limits
        if self.retries >= limits.max_retries:
            return False
        self.retries += 1
        if self.retries == limits.max_retries:
            self._gauge("rq_retry_open").value = 1
        if limits.track_remaining:
            self._track("remaining_retries", limits.max_retries, self.retries)
        return True

    def end_retry(self) -> None:
        """A retry is done."""
        limits = self.limits
        if self.retries == limits.max_retries:
            self._gauge("rq_retry_open").value = 0
        self.retries -= 1
        if limits.track_remaining:
            self._track("remaining_retries", limits.max_retries, self.retries)

    def _gauge(self, name: str) -> Gauge:
        return self._stats.breaker_gauge(self._priority, name)

    def _track(self, name: str, most: int, used: int) -> None:
        self._gauge(name).value = max(0, most - used)


# In the order of the limits.
_REMAINING = ("remaining_cx", "remaining_pending", "remaining_rq", "remaining_retries")

CircuitBreakers = tuple[CircuitBreaker, CircuitBreaker]  # by priority


def build_circuit_breakers(proto: CircuitBreakersProto, stats: ClusterStats) -> CircuitBreakers:
    """Those of the default priority and of the high one."""
    default, high = (CircuitBreaker(stats, priority, _thresholds_of(proto, priority)) for priority in (DEFAULT, HIGH))
    return default, high


def _thresholds_of(proto: CircuitBreakersProto, priority: int) -> Thresholds:
    for given in proto.thresholds:
        if given.priority == priority:
            break
    else:
        return _DEFAULTS
    return Thresholds(
        given.max_connections.value if given.HasField("max_connections") else _DEFAULTS.max_connections,
        given.max_pending_requests.value if given.HasField("max_pending_requests") else _DEFAULTS.max_pending,
        given.max_requests.value if given.HasField("max_requests") else _DEFAULTS.max_requests,
        given.max_retries.value if given.HasField("max_retries") else _DEFAULTS.max_retries,
        given.track_remaining,
    )


def describe_thresholds(breakers: CircuitBreakers) -> dict[str, dict[str, int]]:
    """As /clusters shows them: priority → limit → number."""
    return {
        name: {
            "max_connections": breaker.limits.max_connections,
            "max_pending_requests": breaker.limits.max_pending,
            "max_requests": breaker.limits.max_requests,
            "max_retries": breaker.limits.max_retries,
        }
        for name, breaker in zip(PRIORITY_NAMES, breakers, strict=True)
    }
