"""The pools of a worker."""

from tests.support.h2_peer import GET as H2_GET
from tests.support.http_bench import HttpBench
from tulle.proxy.http.upstream_pools import H1, H2

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


def test_a_host_has_a_pool_for_each_protocol_and_priority(bench: HttpBench) -> None:
    cluster = bench.clusters.get("c")
    assert cluster is not None
    (host,) = cluster.hosts
    pools = [bench.pools.pool_of(cluster, host, protocol, priority) for protocol in (H1, H2) for priority in (0, 1)]
    assert len(set(map(id, pools))) == 4
    assert bench.pools.pool_of(cluster, host, H1, 0) is pools[0]
    assert [pool.multiplexed for pool in pools] == [False, False, True, True]
    assert pools[1].breaker is cluster.breakers[1]


def test_a_cluster_may_speak_as_the_client_does(bench: HttpBench) -> None:
    bench.add_cluster("c", protocol_selection="USE_DOWNSTREAM_PROTOCOL")
    manager = bench.manager()
    bench.connect(manager, GET)
    bench.connect_h2(manager).request(H2_GET)
    assert bench.upstream(0).written.startswith(b"GET / HTTP/1.1")
    assert bench.upstream_h2(1).requests() == [1]


def test_the_connections_of_a_host_that_is_gone_end(bench: HttpBench) -> None:
    manager = bench.manager()
    idle, busy = bench.connect(manager, GET), bench.connect(manager, GET)
    first, second = bench.upstream(0), bench.upstream(1)
    first.receive(OK)
    bench.clusters.remove("c")
    assert first.is_closing()
    assert not second.is_closing()
    second.receive(OK)
    assert busy.written.endswith(b"hi")
    assert idle.written.endswith(b"hi")
    assert second.is_closing()


def test_a_cluster_that_changes_gets_new_connections(bench: HttpBench) -> None:
    manager = bench.manager()
    bench.connect(manager, GET)
    up = bench.upstream()
    up.receive(OK)
    bench.add_cluster("c", connect_timeout="1s")
    assert up.is_closing()
    bench.connect(manager, GET)
    assert bench.connector.attempts[1].timeout_s == 1.0


def test_streams_on_a_host_that_is_gone_end_first(bench: HttpBench) -> None:
    manager = bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "d"}}])
    client = bench.connect(manager, GET)
    host = bench.upstream_h2()
    bench.clusters.remove("d")
    assert not host.transport.is_closing()
    host.respond(1, body=b"hi")
    assert b"hi" in client.written
    assert host.transport.is_closing()


def test_a_connection_that_opens_for_a_host_that_is_gone_serves_those_that_wait(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    bench.clusters.remove("c")
    up = bench.upstream()
    up.receive(OK)
    assert client.written.endswith(b"hi")
    assert up.is_closing()
