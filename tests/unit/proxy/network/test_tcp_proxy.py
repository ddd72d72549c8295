"""The TCP proxy: which cluster, what it counts and logs, and its end."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from tests.unit.proxy.network.conftest import TcpBench
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import Cluster as ClusterProto
from tulle.protos.messages import TcpProxy as TcpProxyProto
from tulle.protos.reading import parse_message
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.network.tcp_proxy import TcpProxy, TcpServices
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.log_files import LogFiles
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster import build_cluster
from tulle.proxy.upstream.connector import Connector


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


def test_a_client_keeps_its_host_by_its_address(bench: TcpBench) -> None:
    bench.add_cluster("ring", (1, 2, 3, 4, 5, 6, 7, 8), lb_policy="RING_HASH")
    proxy = bench.proxy(cluster="ring", hash_policy=[{"source_ip": {}}])
    for _ in range(10):
        bench.connect(proxy)
    assert len({attempt.host.address for attempt in bench.connector.attempts}) == 1
    plain = bench.proxy(cluster="ring")
    for _ in range(40):
        bench.connect(plain)
    assert len({attempt.host.address for attempt in bench.connector.attempts[10:]}) > 1


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


class _Front(asyncio.Protocol):
    """Gives the connections of a server to a proxy."""

    def __init__(self, proxy: TcpProxy) -> None:
        self._proxy = proxy
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        info = ConnectionInfo()
        info.start = asyncio.get_running_loop().time()
        self._proxy.take(transport, info, b"")


async def _on_loopback(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
    use: Callable[[asyncio.StreamReader, asyncio.StreamWriter, TcpProxy], Coroutine[Any, Any, None]],
) -> None:
    """A real client, a real server, and the proxy between them, with buffers of 64 KiB."""
    loop = asyncio.get_running_loop()
    store = StatsStore()
    upstream = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = upstream.sockets[0].getsockname()[1]
    endpoint = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
    assignment = {"cluster_name": "c", "endpoints": [{"lb_endpoints": [endpoint]}]}
    fields = {"name": "c", "load_assignment": assignment, "per_connection_buffer_limit_bytes": 65_536}
    clusters = {"c": build_cluster(parse_message(ClusterProto, fields), store)}
    async with asyncio.TaskGroup() as group:
        services = TcpServices(clusters, Connector(group), store, LogFiles(loop.call_later), loop, lambda: 0)
        proto = parse_message(TcpProxyProto, {"stat_prefix": "t", "cluster": "c"})
        proxy = TcpProxy(proto, ListenerFacts("l", "", "listener.l.", buffer_limit=65_536), services)
        front = await loop.create_server(lambda: _Front(proxy), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*front.sockets[0].getsockname())
        async with asyncio.timeout(20):
            await use(reader, writer, proxy)
            writer.close()
            while proxy.connections:
                await asyncio.sleep(0)
        front.close()
        upstream.close()


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run], ids=["uvloop", "asyncio"])
def test_much_data_passes_both_ways_and_ends_in_half_closes(run: Callable[..., None]) -> None:
    data = bytes(range(256)) * 8192

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = await reader.read()
        writer.write(received[::-1])
        writer.close()

    async def use(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: TcpProxy) -> None:
        writer.write(data)
        writer.write_eof()
        assert await reader.read() == data[::-1]

    run(_on_loopback(serve, use))


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run], ids=["uvloop", "asyncio"])
def test_a_server_that_does_not_read_stops_the_client(run: Callable[..., None]) -> None:
    chunk, total = bytes(65_536), 48 * 1024 * 1024
    may_read = asyncio.Event()
    read = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal read
        await may_read.wait()
        while data := await reader.read(1 << 20):
            read += len(data)
        writer.close()

    async def fill(writer: asyncio.StreamWriter) -> None:
        for _ in range(0, total, len(chunk)):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()

    async def use(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: TcpProxy) -> None:
        async with asyncio.TaskGroup() as group:
            filling = group.create_task(fill(writer))
            while not proxy.stats.downstream_flow_control_paused_reading_total.value:
                await asyncio.sleep(0)
            (session,) = proxy.sessions
            assert session.buffered <= 65_536 + 256 * 1024  # the limit and one read
            assert not filling.done()
            may_read.set()
        assert await reader.read() == b""
        assert read == total
        assert proxy.stats.downstream_flow_control_resumed_reading_total.value >= 1

    run(_on_loopback(serve, use))
