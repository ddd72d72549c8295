"""Connections that requests share: handed out, queued for, limited, ended."""

from typing import Any

import pytest

from tests.support.fake_connector import FakeConnector
from tulle.protos.messages import Cluster as ClusterProto
from tulle.protos.reading import parse_message
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster import Cluster, build_cluster
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.pools import HttpPool, PoolFailure, PoolPlace


class FakeConnection:
    """A connection that takes `most` requests at once, and only when told to."""

    def __init__(self, pool: HttpPool, most: int) -> None:
        self.pool = pool
        self.most = most
        self.under_way = 0
        self.requests = 0
        self.closed = False
        self.retired = False

    def capacity(self) -> int:
        return 0 if self.closed or self.retired else self.most - self.under_way

    def close_when_idle(self) -> None:
        self.retired = True
        if not self.under_way:
            self.close()

    def connection_made(self, transport: object) -> None:
        self.pool.connected(self, 0.0)

    def begin(self) -> None:
        self.under_way += 1
        self.requests += 1

    def finish(self) -> None:
        """A request is over."""
        self.under_way -= 1
        self.pool.breaker.end_request()
        if self.retired and not self.under_way:
            self.close()
        else:
            self.pool.released(self)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.pool.gone(self)


class FakeRequest:
    """What wants a connection, and what it got."""

    def __init__(self, pool: HttpPool) -> None:
        self.pool = pool
        self.connection: FakeConnection | None = None
        self.failure: tuple[str, str] | None = None
        found: Any = pool.acquire(self)
        if found is not None:
            self.on_pool_ready(found)

    def on_pool_ready(self, connection: Any) -> None:
        self.connection = connection
        connection.begin()

    def on_pool_failure(self, reason: str, transport_reason: str) -> None:
        self.failure = (reason, transport_reason)


class PoolBench:
    """One pool of one host."""

    def __init__(self, streams: int = 1, **limits: int) -> None:
        self.stats = StatsStore()
        thresholds = [{"priority": "DEFAULT", **limits}]
        endpoint = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 80}}}}
        fields = {
            "name": "c",
            "connect_timeout": "2s",
            "load_assignment": {"cluster_name": "c", "endpoints": [{"lb_endpoints": [endpoint]}]},
            "circuit_breakers": {"thresholds": thresholds},
        }
        self.cluster: Cluster = build_cluster(parse_message(ClusterProto, fields), self.stats)
        self.host: Host
        (self.host,) = self.cluster.hosts
        self.connector = FakeConnector()
        self.streams = streams
        self.made: list[FakeConnection] = []
        connector: Any = self.connector
        self.pool = HttpPool(PoolPlace(self.cluster, self.host, 0), connector, self.make, streams)

    def make(self, pool: HttpPool) -> Any:
        self.made.append(FakeConnection(pool, self.streams))
        return self.made[-1]

    def request(self) -> FakeRequest:
        return FakeRequest(self.pool)

    def requests(self, count: int) -> list[FakeRequest]:
        return [self.request() for _ in range(count)]

    def open(self, index: int = -1) -> FakeConnection:
        """A connection that is awaited opens."""
        self.connector.attempts[index].succeed()
        return self.made[index]

    def counter(self, name: str) -> int:
        return self.stats.snapshot().counters.get(f"cluster.c.{name}", 0)

    def held(self) -> dict[str, int]:
        """What is counted as open."""
        breaker = self.pool.breaker
        found = {kind: getattr(breaker, kind) for kind in ("connections", "pending", "requests")}
        found |= {kind: getattr(self.host, kind) for kind in ("cx_active", "rq_pending_active")}
        gauges = self.stats.snapshot().gauges
        found |= {
            kind: gauges.get(f"cluster.c.{kind}", 0) for kind in ("upstream_cx_active", "upstream_rq_pending_active")
        }
        return {kind: value for kind, value in found.items() if value}


def test_a_request_waits_for_a_connection_that_is_made_for_it() -> None:
    bench = PoolBench()
    request = bench.request()
    assert request.connection is None
    assert bench.connector.attempts[0].host is bench.host
    assert bench.connector.attempts[0].timeout_s == 2.0
    assert bench.held() == {"connections": 1, "pending": 1, "cx_active": 1, "rq_pending_active": 1} | {
        "upstream_cx_active": 1,
        "upstream_rq_pending_active": 1,
    }
    connection = bench.open()
    assert request.connection is connection
    assert bench.held() == {"connections": 1, "requests": 1, "cx_active": 1, "upstream_cx_active": 1}
    connection.finish()
    connection.close()
    assert bench.held() == {}
    names = ("upstream_cx_total", "upstream_cx_http1_total", "upstream_cx_destroy", "upstream_rq_pending_total")
    assert [bench.counter(name) for name in names] == [1, 1, 1, 1]


def test_a_connection_that_is_ready_is_handed_out_at_once() -> None:
    bench = PoolBench()
    bench.request()
    connection = bench.open()
    connection.finish()
    assert bench.request().connection is connection
    assert len(bench.made) == 1
    assert bench.counter("upstream_rq_pending_total") == 1


def test_the_connection_that_was_used_last_comes_first() -> None:
    bench = PoolBench()
    bench.requests(3)
    connections = [bench.open(index) for index in range(3)]
    for index in (1, 0, 2):
        connections[index].finish()
    order = [bench.request().connection for _ in range(3)]
    assert order == [connections[2], connections[0], connections[1]]


def test_each_waiting_request_has_a_connection_on_its_way() -> None:
    bench = PoolBench()
    bench.requests(3)
    assert len(bench.connector.attempts) == 3


def test_streams_share_the_connection_that_is_on_its_way() -> None:
    bench = PoolBench(streams=2)
    requests = bench.requests(5)
    assert len(bench.connector.attempts) == 3
    first = bench.open(0)
    assert [request.connection for request in requests] == [first, first, None, None, None]
    assert bench.counter("upstream_cx_http2_total") == 3


def test_a_connection_with_room_takes_more_and_one_without_takes_none() -> None:
    bench = PoolBench(streams=2)
    bench.request()
    first = bench.open()
    assert bench.request().connection is first
    third = bench.request()
    assert third.connection is None
    first.finish()
    assert third.connection is first


def test_whoever_waited_longest_gets_the_next_connection() -> None:
    bench = PoolBench(max_connections=1)
    first, second, third = bench.requests(3)
    connection = bench.open()
    assert (first.connection, second.connection) == (connection, None)
    connection.finish()
    assert (second.connection, third.connection) == (connection, None)
    assert len(bench.made) == 1
    assert bench.counter("upstream_cx_overflow") == 2


def test_a_host_without_a_connection_may_always_have_one() -> None:
    bench = PoolBench(max_connections=1)
    bench.pool.breaker.add_connection()  # that of another host
    request = bench.request()
    connection = bench.open()
    assert request.connection is connection
    assert bench.counter("upstream_cx_overflow") == 1


def test_no_more_may_wait_than_the_limit_says() -> None:
    bench = PoolBench(max_pending_requests=1)
    _, second = bench.requests(2)
    assert second.failure == (PoolFailure.OVERFLOW, "")
    assert bench.counter("upstream_rq_pending_overflow") == 1


@pytest.mark.parametrize("streams", [1, 10])
def test_no_more_may_be_under_way_than_the_limit_says(streams: int) -> None:
    bench = PoolBench(streams=streams, max_requests=1)
    bench.request()
    first = bench.open()
    later = bench.request()
    if streams == 1:
        bench.open()
    assert later.failure == (PoolFailure.OVERFLOW, "")
    assert bench.counter("upstream_rq_active_overflow") == 1
    first.finish()
    assert bench.request().connection is not None


def test_a_failed_connection_fails_all_that_wait() -> None:
    bench = PoolBench()
    requests = bench.requests(2)
    bench.connector.attempts[0].fail("refused")
    assert [request.failure for request in requests] == [(PoolFailure.CONNECT_FAILURE, "refused")] * 2
    assert bench.counter("upstream_cx_connect_fail") == 1
    assert bench.counter("upstream_rq_pending_failure_eject") == 2
    assert bench.host.cx_connect_fail == 1
    bench.connector.attempts[1].fail("", timed_out=True)
    assert bench.counter("upstream_cx_connect_timeout") == 1
    assert bench.held() == {}


def test_a_timeout_is_told_apart() -> None:
    bench = PoolBench()
    request = bench.request()
    bench.connector.attempts[0].fail("", timed_out=True)
    assert request.failure == (PoolFailure.TIMEOUT, "")


def test_a_request_that_no_longer_waits_gets_nothing() -> None:
    bench = PoolBench()
    request = bench.request()
    bench.pool.cancel(request)
    bench.pool.cancel(request)
    connection = bench.open()
    assert request.connection is None
    assert bench.counter("upstream_rq_cancelled") == 1
    assert bench.request().connection is connection


def test_a_connection_that_ends_is_replaced_for_those_that_wait() -> None:
    bench = PoolBench(max_connections=1)
    _, second = bench.requests(2)
    first = bench.open()
    first.under_way = 0
    bench.pool.breaker.end_request()
    first.close()
    assert len(bench.made) == 2
    replacement = bench.open()
    assert second.connection is replacement


def test_every_request_that_waits_is_served_in_the_end() -> None:
    bench = PoolBench(max_connections=1)
    requests = bench.requests(4)
    for index in range(4):
        connection = bench.open(index)
        assert requests[index].connection is connection
        connection.retired = True
        connection.finish()
    assert bench.held() == {}


def test_a_connection_that_is_withdrawn_is_handed_out_no_more() -> None:
    bench = PoolBench()
    bench.request()
    connection = bench.open()
    connection.finish()
    bench.pool.withdraw(connection)  # type: ignore[arg-type]
    bench.pool.withdraw(connection)  # type: ignore[arg-type]
    assert bench.request().connection is None


def test_a_drain_ends_idle_connections_now_and_busy_ones_later() -> None:
    bench = PoolBench()
    bench.requests(2)
    idle, busy = bench.open(0), bench.open(1)
    idle.finish()
    bench.pool.drain()
    assert (idle.closed, busy.closed) == (True, False)
    busy.finish()
    assert busy.closed
    assert bench.held() == {}


def test_a_drained_pool_still_serves_those_that_wait() -> None:
    bench = PoolBench()
    request = bench.request()
    bench.pool.drain()
    connection = bench.open()
    assert request.connection is connection
    connection.finish()
    assert connection.closed


def test_the_time_to_connect_is_recorded() -> None:
    bench = PoolBench()
    bench.request()
    bench.open()
    assert sum(bench.stats.snapshot().histograms["cluster.c.upstream_cx_connect_ms"].values()) == 1
