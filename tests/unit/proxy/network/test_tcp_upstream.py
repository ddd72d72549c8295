"""What clusters and hosts count of TCP connections."""

from tests.unit.proxy.network.conftest import TcpBench


def test_an_attempt_waits_until_it_is_connected(bench: TcpBench) -> None:
    bench.connect(bench.proxy())
    assert bench.gauges() == {"cluster.c.upstream_cx_active": 1, "cluster.c.upstream_rq_pending_active": 1}
    host = bench.connector.attempts[0].host
    assert (host.cx_total, host.cx_active, host.rq_total) == (1, 1, 0)
    bench.connector.attempts[0].succeed()
    assert (host.rq_total, host.rq_active) == (1, 1)


def test_the_clusters_timeout_is_the_connectors(bench: TcpBench) -> None:
    bench.add_cluster("c", connect_timeout="0.25s")
    bench.connect(bench.proxy())
    assert bench.connector.attempts[0].timeout_s == 0.25


def test_a_timeout_is_counted_as_such(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy())
    bench.connector.attempts[0].fail("", timed_out=True)
    assert down.aborted
    counters = bench.counters()
    assert counters["cluster.c.upstream_cx_connect_timeout"] == 1
    assert counters["cluster.c.upstream_cx_connect_fail"] == 1
    assert counters["cluster.c.upstream_cx_destroy_local"] == 1
    assert bench.connector.attempts[0].host.cx_connect_fail == 1


def test_a_connection_that_comes_after_its_client_left_is_closed(bench: TcpBench) -> None:
    down = bench.connect(bench.proxy())
    down.reset()
    assert bench.connector.attempts[0].succeed().aborted
    assert bench.gauges() == {}


def test_whoever_ends_the_second_direction_ends_the_connection(bench: TcpBench) -> None:
    for upstream_last in (True, False):
        down = bench.connect(bench.proxy())
        up = bench.connector.attempts[-1].succeed()
        for transport in (down, up) if upstream_last else (up, down):
            transport.receive_eof()
        for transport in (down, up):
            transport.settle()
        name = "remote" if upstream_last else "local"
        assert bench.counters()[f"cluster.c.upstream_cx_destroy_{name}_with_active_rq"] == 1


def test_our_own_end_is_counted_as_local(bench: TcpBench) -> None:
    proxy = bench.proxy()
    down = bench.connect(proxy)
    up = bench.connector.attempts[0].succeed()
    proxy.close()
    for transport in (up, down):
        transport.settle()
    assert bench.counters()["cluster.c.upstream_cx_destroy_local"] == 1


def test_the_upstreams_end_is_counted_as_remote(bench: TcpBench) -> None:
    bench.connect(bench.proxy())
    up = bench.connector.attempts[0].succeed()
    bench.clock.turn(2)
    up.reset()
    assert bench.counters()["cluster.c.upstream_cx_destroy_remote_with_active_rq"] == 1
    assert bench.stats.snapshot().histograms["cluster.c.upstream_cx_length_ms"] == {2000: 1}
