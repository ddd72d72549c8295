"""What the proxy is configured with."""

import asyncio
from collections.abc import Collection, Sequence

import pytest
from google.protobuf.message import Message

from tests.support.fake_xds import FakeStream, fake_server
from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Address, Bootstrap, Cluster, ClusterLoadAssignment, DiscoveryResponse, Listener
from tulle.protos.reading import parse_message
from tulle.protos.type_urls import CLUSTER, ENDPOINT, LISTENER
from tulle.proxy.server.configuration import CannotBind, Checks, Configuration
from tulle.proxy.server.sockets import ListeningSockets
from tulle.proxy.telemetry.stats import StatsStore


class _Publisher:
    def __init__(self) -> None:
        self.published: list[tuple[str, str, bool]] = []

    def publish(self, type_url: str, name: str, data: bytes | None) -> None:
        self.published.append((type_url, name, data is not None))


def _check(type_url: str, message: Message) -> Sequence[FieldProblem]:
    bad = getattr(message, "name", "").startswith("bad")
    return [FieldProblem("name", "is bad")] if bad else []


def _check_clusters(listener: Listener, known: Collection[str]) -> Sequence[FieldProblem]:
    return [FieldProblem("route", "unknown cluster 'x'")] if listener.name == "lost" and "x" not in known else []


class _World:
    def __init__(self) -> None:
        self.publisher = _Publisher()
        self.sockets = ListeningSockets(1)
        self.stats = StatsStore()
        self.configuration = Configuration(self.publisher, self.sockets, Checks(_check, _check_clusters), self.stats)  # type: ignore[arg-type]


def _address(port: int = 0) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _bootstrap(**more: object) -> Bootstrap:
    return parse_message(Bootstrap, {"node": {"id": "n"}, **more})


def _ads(port: int) -> Bootstrap:
    endpoint = {"endpoint": {"address": _address(port)}}
    xds = {
        "name": "xds",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "xds", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    ads = {"api_type": "GRPC", "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}]}
    return _bootstrap(
        static_resources={"clusters": [xds]},
        dynamic_resources={
            "ads_config": {**ads, "set_node_on_first_message_only": True},
            "cds_config": {"ads": {}},
            "lds_config": {"ads": {}, "initial_fetch_timeout": "0.05s"},
        },
    )


def _response(type_url: str, version: str, *messages: Message) -> DiscoveryResponse:
    response = DiscoveryResponse(type_url=type_url, version_info=version, nonce=version)
    for message in messages:
        response.resources.add().Pack(message)
    return response


def test_static_listeners_open_after_the_clusters_are_there() -> None:
    async def run() -> None:
        world = _World()
        listener = {"name": "l", "address": _address()}
        proto = _bootstrap(
            static_resources={"clusters": [{"name": "a"}], "listeners": [listener, {"address": _address()}]}
        )
        world.configuration.load_static(proto)
        assert world.publisher.published == [(CLUSTER, "a", True)]
        await world.configuration.initialize(proto)
        assert world.publisher.published[1] == (LISTENER, "l", True)
        assert len(world.publisher.published) == 3, "a listener without a name gets one"
        world.configuration.count()
        gauges = world.stats.snapshot().gauges
        assert gauges["cluster_manager.active_clusters"] == 1
        assert gauges["listener_manager.total_listeners_active"] == 2
        world.sockets.close()

    asyncio.run(run())


def test_a_cluster_whose_hosts_are_names_comes_into_force_when_they_are_resolved() -> None:
    async def run() -> None:
        world = _World()
        endpoint = {"endpoint": {"address": _address(80)}}
        assignment = {"cluster_name": "a", "endpoints": [{"lb_endpoints": [endpoint]}]}
        clusters = [
            {"name": "a", "type": "STRICT_DNS", "load_assignment": assignment},
            {"name": "empty", "type": "STRICT_DNS"},
        ]
        proto = _bootstrap(static_resources={"clusters": clusters})
        world.configuration.load_static(proto)
        assert world.publisher.published == [(CLUSTER, "empty", True)]
        async with asyncio.TaskGroup() as group:
            following = group.create_task(world.configuration.follow())
            await asyncio.wait_for(world.configuration.initialize(proto), 5)
            following.cancel()
        (name,) = world.configuration.inventory.clusters.supplies
        assert world.publisher.published[1:] == [(CLUSTER, "a", True), (ENDPOINT, name, True)]
        assert world.stats.counter("cluster.a.update_success").value == 1

    asyncio.run(run())


def test_two_listeners_with_one_address_are_refused() -> None:
    async def run() -> None:
        world = _World()
        listeners = [{"name": name, "address": _address(18_080), "bind_to_port": False} for name in ("a", "b")]
        with pytest.raises(CannotBind, match=r"listener b: has the address 127\.0\.0\.1:18080 of the listener a"):
            world.configuration.load_static(_bootstrap(static_resources={"listeners": listeners}))

    asyncio.run(run())


async def _answer_clusters(stream: FakeStream) -> None:
    assert (await stream.hear()).type_url == CLUSTER
    stream.say(_response(CLUSTER, "1", Cluster(name="a"), Cluster(name="bad"), Cluster(name="e", type=Cluster.EDS)))
    wants = await stream.hear()
    assert (wants.type_url, list(wants.resource_names)) == (ENDPOINT, ["e"])
    refused = await stream.hear()
    assert refused.error_detail.message == "Error adding/updating cluster(s) bad: name: is bad"
    stream.say(_response(ENDPOINT, "1", ClusterLoadAssignment(cluster_name="e")))


def test_the_start_asks_for_clusters_their_endpoints_and_then_listeners() -> None:
    async def run() -> None:
        world = _World()
        async with fake_server() as server, asyncio.TaskGroup() as group:
            proto = _ads(server.port)
            world.configuration.load_static(proto)
            world.configuration.use_ads(proto)
            following = group.create_task(world.configuration.follow())
            starting = group.create_task(world.configuration.initialize(proto))
            stream = await server.stream()
            await _answer_clusters(stream)
            assert (await stream.hear()).version_info == "1"
            assert (await stream.hear()).type_url == LISTENER
            stream.say(_response(LISTENER, "1", Listener(name="l", address=parse_address())))
            await asyncio.wait_for(starting, 5)
            assert world.publisher.published == [
                (CLUSTER, "xds", True),
                (CLUSTER, "a", True),
                (CLUSTER, "e", True),
                (ENDPOINT, "e", True),
                (LISTENER, "l", True),
            ]
            assert (await stream.hear()).version_info == "1"
            stream.say(_response(CLUSTER, "2", Cluster(name="e", type=Cluster.EDS)))
            await stream.hear()
            assert world.publisher.published[-1] == (CLUSTER, "a", False)
            following.cancel()
        world.sockets.close()

    asyncio.run(run())


def parse_address() -> Address:
    return parse_message(Listener, {"address": _address()}).address


def test_a_server_that_says_nothing_about_listeners_is_waited_for_no_longer_than_its_timeout() -> None:
    async def run() -> None:
        world = _World()
        async with fake_server() as server, asyncio.TaskGroup() as group:
            proto = _ads(server.port)
            world.configuration.load_static(proto)
            world.configuration.use_ads(proto)
            following = group.create_task(world.configuration.follow())
            starting = group.create_task(world.configuration.initialize(proto))
            stream = await server.stream()
            stream.say(_response(CLUSTER, "1"))
            await asyncio.wait_for(starting, 5)
            assert world.stats.snapshot().counters["listener_manager.lds.init_fetch_timeout"] == 1
            following.cancel()

    asyncio.run(run())
