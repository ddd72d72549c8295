"""The TCP proxy: which cluster, what it counts and logs, and its end."""

import pytest

from tests.unit.proxy.network.conftest import TcpBench
from tulle.foundation.errors import InvalidInput
from tulle.proxy.telemetry.connection_info import ConnectionInfo


def test_a_connection_becomes_one_to_a_host(bench: TcpBench) -> None:
    proxy = bench.proxy()
    down = bench.connect(proxy, b"hello")
    up = bench.connector.attempts[0].succeed()
    assert up.written == b"hello"
    up.receive(b"hi there")
    assert down.written == b"hi there"
    assert proxy.connections == 1
    down.receive_eof()
    up.receive_eof()
    for transport in (down, up):
        transport.settle()
    assert (proxy.connections, bench.closed, bench.clock.waiting) == (0, 1, 1)  # the log's timer waits
    assert bench.log == ["- 5 8 127.0.0.1:8080 c - 0 127.0.0.1:5000 127.0.0.1:40000"]
    assert bench.gauges() == {}


def test_what_is_counted_has_envoys_names(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy(), b"hello")
    up = bench.connector.attempts[0].succeed()
    assert bench.gauges() == {"cluster.c.upstream_cx_active": 1, "cluster.c.upstream_rq_active": 1}
    up.receive(b"hi")
    down.reset()
    up.settle()
    counters = bench.counters()
    expected = {
        "tcp.t.downstream_cx_total": 1,
        "tcp.t.downstream_cx_rx_bytes_total": 5,
        "tcp.t.downstream_cx_tx_bytes_total": 2,
        "cluster.c.upstream_cx_total": 1,
        "cluster.c.upstream_rq_total": 1,
        "cluster.c.upstream_rq_pending_total": 1,
        "cluster.c.upstream_cx_tx_bytes_total": 5,
        "cluster.c.upstream_cx_rx_bytes_total": 2,
        "cluster.c.upstream_cx_destroy": 1,
        "cluster.c.upstream_cx_destroy_local": 1,
        "cluster.c.upstream_cx_destroy_with_active_rq": 1,
        "cluster.c.upstream_cx_destroy_local_with_active_rq": 1,
    }
    assert {name: counters[name] for name in expected} == expected


def test_an_unknown_cluster_closes_the_connection(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy(cluster="missing"))
    assert down.aborted
    down.settle()
    assert bench.log == ["NC 0 0 - - - 0 127.0.0.1:5000 -"]
    assert bench.counters()["tcp.t.downstream_cx_no_route"] == 1


def test_a_cluster_without_hosts_closes_the_connection(bench: TcpBench) -> None:
    bench.add_cluster("empty", ports=())
    bench.connect(bench.proxy(cluster="empty")).settle()
    assert bench.log == ["UH 0 0 - empty - 0 127.0.0.1:5000 -"]
    assert bench.counters()["cluster.empty.upstream_cx_none_healthy"] == 1


def test_a_cluster_with_too_many_connections_closes_the_next(bench: TcpBench) -> None:
    bench.add_cluster("full", circuit_breakers={"thresholds": [{"max_connections": 1}]})
    proxy = bench.proxy(cluster="full")
    first = bench.connect(proxy)
    bench.connect(proxy).settle()
    assert bench.log == ["UO 0 0 - full - 0 127.0.0.1:5000 -"]
    assert bench.counters()["cluster.full.upstream_cx_overflow"] == 1
    first.reset()
    assert not bench.connect(proxy).aborted


def test_a_cluster_with_too_many_attempts_closes_the_next(bench: TcpBench) -> None:
    bench.add_cluster("slow", circuit_breakers={"thresholds": [{"max_pending_requests": 1}]})
    proxy = bench.proxy(cluster="slow")
    bench.connect(proxy)
    bench.connect(proxy).settle()
    assert bench.log == ["URX 0 0 - slow - 0 127.0.0.1:5000 -"]
    assert bench.counters()["cluster.slow.upstream_rq_pending_overflow"] == 1
    bench.connector.attempts[0].succeed()
    assert not bench.connect(proxy).aborted


def test_clusters_are_drawn_by_their_weights(bench: TcpBench) -> None:
    for name, port in (("a", 1001), ("b", 1002)):
        bench.add_cluster(name, (port,))
    clusters = [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}]
    proxy = bench.proxy(weighted_clusters={"clusters": clusters})
    for bench.random in range(6):
        bench.connect(proxy)
    ports = [attempt.host.address.rpartition(":")[2] for attempt in bench.connector.attempts]
    assert ports == ["1001", "1002", "1002"] * 2


def test_an_original_destination_is_a_host(bench: TcpBench) -> None:
    lb = {"type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "load_assignment": None}
    bench.add_cluster("original", **lb)
    info = ConnectionInfo()
    info.original_dst = ("10.0.0.1", 90)
    bench.connect(bench.proxy(cluster="original"), info=info)
    assert bench.connector.attempts[0].host.address == "10.0.0.1:90"


def test_close_ends_every_connection(bench: TcpBench) -> None:
    proxy = bench.proxy()
    waiting, proxied = bench.connect(proxy), bench.connect(proxy)
    up = bench.connector.attempts[1].succeed()
    proxy.close()
    for transport in (waiting, proxied, up):
        assert transport.aborted
        transport.settle()
    assert proxy.connections == 0
    assert bench.gauges() == {}


def test_a_drain_leaves_connections_alone(bench: TcpBench) -> None:
    proxy = bench.proxy()
    down = bench.connect(proxy)
    proxy.drain()
    assert not down.is_closing()


def test_the_jitter_prolongs_a_connections_time(bench: TcpBench) -> None:
    proxy = bench.proxy(
        max_downstream_connection_duration="10s", max_downstream_connection_duration_jitter_percentage={"value": 50}
    )
    assert proxy.draw_max_duration_s() == 10.0
    bench.random = 2**31
    assert proxy.draw_max_duration_s() == 12.5


def test_an_access_log_that_cannot_be_written_is_named(bench: TcpBench) -> None:
    log = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": "/missing/folder/log",
    }
    with pytest.raises(InvalidInput, match=r"access_log\[0\].typed_config.path: cannot open"):
        bench.proxy(access_log=[{"name": "file", "typed_config": log}])
