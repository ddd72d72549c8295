"""One worker's data path put together, and what is checked before anything is published."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.protobuf.message import Message

from tulle.protos import type_urls
from tulle.protos.messages import Cluster, ClusterLoadAssignment, Listener, RouteConfiguration
from tulle.protos.reading import parse_message
from tulle.proxy.assembly import Assembly, Checker, RouteSlots, check_resource, find_unknown_clusters

SETTINGS = {"concurrency": 1, "node_id": "n", "node_cluster": "c", "drain_time_s": 5}
ROUTER = {
    "name": "router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
HTTP_MANAGER: dict[str, Any] = {
    "@type": ("type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    "stat_prefix": "t",
    "http_filters": [ROUTER],
}
BY_ADS = {"rds": {"route_config_name": "r", "config_source": {"ads": {}}}}
REQUEST = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"


def listener(**manager: Any) -> Listener:
    """A listener on loopback that ends in HTTP."""
    config = {**HTTP_MANAGER, **(manager or BY_ADS)}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 80}}
    chains = [{"filters": [{"name": "http", "typed_config": config}]}]
    return parse_message(Listener, {"name": "l", "address": address, "filter_chains": chains})


def routes(status: int, **more: Any) -> RouteConfiguration:
    """Routes whose answer is this status."""
    route = {"match": {"prefix": "/"}, "direct_response": {"status": status}}
    host = {"name": "v", "domains": ["*"], "routes": [route]}
    return parse_message(RouteConfiguration, {"name": "r", "virtual_hosts": [host], **more})


def routes_to(cluster: str) -> dict[str, Any]:
    """Routes that lead to a cluster."""
    route = {"match": {"prefix": "/"}, "route": {"cluster": cluster}}
    return {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]}


def cluster(port: int = 80, **more: Any) -> Cluster:
    """A static cluster on loopback."""
    endpoint = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
    assignment = {"cluster_name": "app", "endpoints": [{"lb_endpoints": [endpoint]}]}
    return parse_message(Cluster, {"name": "app", "load_assignment": assignment, **more})


class Serving:
    """An assembly whose listener listens on a port of loopback."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.assembly = Assembly(SETTINGS, 0, group)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.setblocking(False)

    def put(self, type_url: str, message: Message, name: str = "") -> None:
        descriptors = [os.dup(self.server.fileno())] if type_url == type_urls.LISTENER else []
        self.assembly.put(type_url, name or message.name, message.SerializeToString(), descriptors)  # type: ignore[attr-defined]

    async def ask(self) -> bytes:
        """The status line of the answer to a request."""
        reader, writer = await asyncio.open_connection(*self.server.getsockname())
        writer.write(REQUEST)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return answer.partition(b"\r\n")[0]


def serve(test: Callable[[Serving], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            serving = Serving(group)
            with serving.server:
                await test(serving)
            serving.assembly.close()

    asyncio.run(run())


def test_a_listener_serves_the_routes_that_come_apart_from_it() -> None:
    async def test(serving: Serving) -> None:
        serving.put(type_urls.ROUTE, routes(201))
        serving.put(type_urls.LISTENER, listener())
        assert await serving.ask() == b"HTTP/1.1 201 Created"
        serving.put(type_urls.ROUTE, routes(202))
        assert await serving.ask() == b"HTTP/1.1 202 Accepted"
        serving.assembly.put(type_urls.ROUTE, "r", None, ())
        counters = serving.assembly.stats.snapshot().counters
        assert counters["http.t.downstream_rq_2xx"] == 2

    serve(test)


def test_a_request_reaches_the_host_of_a_cluster() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 203 Fine\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def test(serving: Serving) -> None:
        host = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with host:
            serving.put(type_urls.CLUSTER, cluster(host.sockets[0].getsockname()[1]))
            serving.put(type_urls.LISTENER, listener(route_config=routes_to("app")))
            assert (await serving.ask()).startswith(b"HTTP/1.1 203")
            (described,) = serving.assembly.describe_clusters()
            assert described["hosts"][0]["counters"]["rq_success"] == 1
            serving.assembly.put(type_urls.CLUSTER, "app", None, ())
            assert await serving.ask() == b"HTTP/1.1 503 Service Unavailable"

    serve(test)


def test_endpoints_may_come_before_their_cluster() -> None:
    async def test(serving: Serving) -> None:
        assignment = cluster().load_assignment
        serving.put(type_urls.ENDPOINT, assignment, "app")
        eds = {"type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {}}}}
        serving.put(type_urls.CLUSTER, parse_message(Cluster, {"name": "app", **eds}))
        serving.put(type_urls.ENDPOINT, assignment, "app")
        (described,) = serving.assembly.describe_clusters()
        assert [host["address"] for host in described["hosts"]] == ["127.0.0.1:80"]

    serve(test)


def test_a_failed_health_check_and_a_drain_send_clients_away() -> None:
    async def test(serving: Serving) -> None:
        serving.put(type_urls.LISTENER, listener(route_config=routes_to("missing")))
        reader, writer = await asyncio.open_connection(*serving.server.getsockname())
        serving.assembly.fail_health_check(True)
        writer.write(REQUEST.replace(b"connection: close\r\n", b""))
        answer = await asyncio.wait_for(reader.read(), 5)
        assert b"connection: close" in answer
        writer.close()
        serving.assembly.drain_listeners(["l"], keep_open=True)
        drained = asyncio.Event()
        serving.assembly.drain(5.0, drained.set)
        await asyncio.wait_for(drained.wait(), 5)

    serve(test)


def test_a_listener_that_is_gone_listens_no_more() -> None:
    async def test(serving: Serving) -> None:
        serving.put(type_urls.LISTENER, listener(route_config=routes_to("missing")))
        address = serving.server.getsockname()
        serving.server.close()  # the descriptor of whoever opened it; the listener had one of its own
        serving.assembly.put(type_urls.LISTENER, "l", None, ())
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)

    serve(test)


def test_descriptors_that_nobody_wants_are_closed() -> None:
    async def test(serving: Serving) -> None:
        descriptor = os.dup(serving.server.fileno())
        serving.assembly.put(type_urls.CLUSTER, "app", cluster().SerializeToString(), [descriptor])
        try:
            os.fstat(descriptor)
        except OSError:
            return
        raise AssertionError("still open")

    serve(test)


def test_a_slot_is_there_before_its_routes() -> None:
    slots = RouteSlots()
    slot = slots.slot("r")
    assert slot.value is None
    slots.put("r", routes(200).SerializeToString())
    assert slot.value is not None
    assert slots.slot("r") is slot


def test_resources_that_can_be_built_have_no_problems() -> None:
    checker = Checker()
    for type_url, message in (
        (type_urls.CLUSTER, cluster()),
        (type_urls.ENDPOINT, cluster().load_assignment),
        (type_urls.ROUTE, routes(200)),
        (type_urls.LISTENER, listener()),
    ):
        assert checker.problems_of(type_url, message) == [], type_url
        assert check_resource(type_url, message) == []


def test_rules_fields_and_parts_are_all_checked() -> None:
    bad_rule = parse_message(Cluster, {"connect_timeout": "1s"})
    assert "name" in {problem.path for problem in check_resource(type_urls.CLUSTER, bad_rule)}
    bad_field = cluster(preconnect_policy={})
    assert [problem.path for problem in check_resource(type_urls.CLUSTER, bad_field)] == ["preconnect_policy"]
    bad_part = listener(route_config={"name": "r"}, http_filters=[])
    (problem,) = check_resource(type_urls.LISTENER, bad_part)
    assert problem.path.endswith("http_filters")
    assert check_resource("type.googleapis.com/x.Y", ClusterLoadAssignment(cluster_name="c"))[0].message


def test_routes_inside_a_listener_must_lead_somewhere() -> None:
    (problem,) = find_unknown_clusters(listener(route_config=routes_to("missing")), {"app"})
    assert "unknown cluster 'missing'" in problem.message
    assert problem.path.startswith("filter_chains[0].filters[0].typed_config.route_config.")
    assert find_unknown_clusters(listener(route_config=routes_to("app")), {"app"}) == []
    lenient = {**routes_to("missing"), "validate_clusters": False}
    assert find_unknown_clusters(listener(route_config=lenient), {"app"}) == []
    assert find_unknown_clusters(listener(), set()) == []
