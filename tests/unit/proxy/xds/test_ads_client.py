"""The client against a server that comes and goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.fake_xds import FakeServer, fake_server
from tulle.foundation.backoff import Backoff
from tulle.protos.messages import Cluster, DiscoveryResponse, GrpcService, Node
from tulle.protos.type_urls import CLUSTER, ENDPOINT
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.xds.ads_client import AdsClient
from tulle.proxy.xds.dialer import Dialer
from tulle.proxy.xds.discovery import Received
from tulle.proxy.xds.sotw import Sotw
from tulle.proxy.xds.xds_stats import XdsStats


class _World:
    """A client whose `apply` refuses versions that begin with `bad`."""

    def __init__(self, port: int) -> None:
        cluster = Cluster(name="xds")
        address = cluster.load_assignment.endpoints.add().lb_endpoints.add().endpoint.address.socket_address
        address.address, address.port_value = "127.0.0.1", port
        self.stats = StatsStore()
        self.received: list[Received] = []
        backoff = Backoff(0.01, 0.02, draw=lambda: 1.0)
        self.client = AdsClient(
            Sotw(Node(id="n")), Dialer(cluster, GrpcService()), self._apply, XdsStats(self.stats, "xds"), backoff
        )
        self.client.subscribe(CLUSTER, None)

    def _apply(self, received: Received) -> str:
        self.received.append(received)
        self.client.subscribe(ENDPOINT, {"eds"})
        return "no good" if received.version.startswith("bad") else ""


@asynccontextmanager
async def _following(server: FakeServer) -> AsyncIterator[_World]:
    world = _World(server.port)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(world.client.follow())
        yield world
        task.cancel()


def test_good_updates_are_acknowledged_bad_ones_refused_and_wants_are_told() -> None:
    async def talk() -> None:
        async with fake_server() as server, _following(server) as world:
            stream = await server.stream()
            first = await stream.hear()
            assert (first.type_url, first.node.id) == (CLUSTER, "n")
            response = DiscoveryResponse(type_url=CLUSTER, version_info="1", nonce="a")
            response.control_plane.identifier = "fake"
            stream.say(response)
            assert list((await stream.hear()).resource_names) == ["eds"]
            assert (await stream.hear()).version_info == "1"
            stream.say(DiscoveryResponse(type_url=CLUSTER, version_info="bad2", nonce="b"))
            refused = await stream.hear()
            assert (refused.version_info, refused.response_nonce) == ("1", "b")
            assert refused.error_detail.message == "no good"
            assert world.client.identifier == "fake"
            counters = world.stats.snapshot().counters
            assert counters["cluster_manager.cds.update_success"] == 1
            assert counters["cluster_manager.cds.update_rejected"] == 1
            assert world.stats.snapshot().gauges["control_plane.connected_state"] == 1

    asyncio.run(talk())


def test_a_stream_that_ends_is_opened_again_with_what_was_accepted() -> None:
    async def talk() -> None:
        async with fake_server() as server, _following(server):
            stream = await server.stream()
            await stream.hear()
            stream.say(DiscoveryResponse(type_url=CLUSTER, version_info="1", nonce="a"))
            await stream.hear()
            await stream.hear()
            stream.end()
            again = await server.stream()
            requests = [await again.hear(), await again.hear()]
            assert [(found.type_url, found.version_info, found.response_nonce) for found in requests] == [
                (CLUSTER, "1", ""),
                (ENDPOINT, "", ""),
            ]
            assert requests[0].node.id == "n"

    asyncio.run(talk())


def test_a_server_that_is_not_there_is_tried_again(unused_port: int) -> None:
    async def talk() -> None:
        world = _World(unused_port)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(world.client.follow())
            while world.stats.snapshot().counters.get("cluster.xds.upstream_cx_connect_fail", 0) < 2:
                await asyncio.sleep(0)
            task.cancel()

    asyncio.run(talk())
