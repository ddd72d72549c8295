"""A proxy that follows a fake control plane."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_xds import FakeServer, FakeStream, fake_server
from tests.support.proxy_process import (
    ProxyProcess,
    address,
    ads_bootstrap,
    echo_upstream,
    fetch,
    http_listener,
    routes_to,
    static_cluster,
    wait_until,
)
from tulle.protos.messages import (
    Cluster,
    ClusterLoadAssignment,
    DeltaDiscoveryResponse,
    DiscoveryResponse,
    Listener,
    RouteConfiguration,
)
from tulle.protos.reading import parse_message
from tulle.protos.type_urls import CLUSTER, ENDPOINT, LISTENER, ROUTE

pytestmark = pytest.mark.processes

_CLASSES: dict[str, Any] = {
    CLUSTER: Cluster,
    ENDPOINT: ClusterLoadAssignment,
    LISTENER: Listener,
    ROUTE: RouteConfiguration,
}


@pytest.fixture
def upstreams() -> Iterator[tuple[int, int]]:
    with echo_upstream("one") as first, echo_upstream("two") as second:
        yield first, second


class _ControlPlane:
    """Serves one proxy from a table of resources, and notes what it answers."""

    def __init__(self, server: FakeServer, delta: bool) -> None:
        self._server = server
        self._delta = delta
        self._stream: FakeStream | None = None
        self._version = 0
        self.resources: dict[str, dict[str, Any]] = {type_url: {} for type_url in _CLASSES}
        self.wanted: dict[str, set[str]] = {}
        self.acks: dict[str, int] = {}
        self.nacks: list[str] = []

    async def serve(self) -> None:
        """Answers the streams of the proxy, one after the other."""
        while True:
            self._stream = await self._server.streams.get()
            await self._serve_stream(self._stream)

    async def _serve_stream(self, stream: FakeStream) -> None:
        self.wanted.clear()
        while True:
            request = await stream.heard.get()
            if request is None:
                return
            if request.HasField("error_detail"):
                self.nacks.append(request.error_detail.message)
                continue
            known = self.wanted.get(request.type_url)
            if request.response_nonce:
                self.acks[request.type_url] = int(request.response_nonce)
            if self._delta:
                names = (known or set()) | set(request.resource_names_subscribe)
                names -= set(request.resource_names_unsubscribe)
            else:
                names = set(request.resource_names)
            self.wanted[request.type_url] = names
            if known is None or names - known:
                self.push(request.type_url)

    def push(self, type_url: str, removed: tuple[str, ...] = ()) -> int:
        """Sends all resources of a type that are wanted; the version."""
        self._version += 1
        version = str(self._version)
        names = self.wanted.get(type_url, set())
        messages = {
            name: parse_message(_CLASSES[type_url], value)
            for name, value in self.resources[type_url].items()
            if name in names or type_url in (CLUSTER, LISTENER)
        }
        response: Any
        if self._delta:
            response = DeltaDiscoveryResponse(type_url=type_url, nonce=version, removed_resources=removed)
            for name, message in messages.items():
                response.resources.add(name=name, version=version).resource.Pack(message)
        else:
            response = DiscoveryResponse(type_url=type_url, version_info=version, nonce=version)
            for message in messages.values():
                response.resources.add().Pack(message)
        assert self._stream is not None
        self._stream.say(response)
        return self._version

    def break_stream(self) -> None:
        """Ends the stream of the proxy."""
        assert self._stream is not None
        self._stream.end()


def _eds_cluster(name: str) -> dict[str, Any]:
    source = {"eds_config": {"ads": {}, "resource_api_version": "V3"}}
    return {"name": name, "type": "EDS", "connect_timeout": "1s", "eds_cluster_config": source}


def _endpoints(name: str, *ports: int) -> dict[str, Any]:
    assignment: dict[str, Any] = static_cluster(name, *ports)["load_assignment"]
    return assignment


def _fill(plane: _ControlPlane, port: int) -> None:
    plane.resources[CLUSTER]["app"] = _eds_cluster("app")
    plane.resources[ENDPOINT]["app"] = _endpoints("app", port)
    plane.resources[LISTENER]["in"] = http_listener("in")
    plane.resources[ROUTE]["routes"] = routes_to("app")


@asynccontextmanager
async def _mesh(folder: Path, delta: bool, port: int) -> AsyncIterator[tuple[_ControlPlane, ProxyProcess]]:
    """A control plane with one cluster, and a proxy that is LIVE."""
    async with fake_server() as server, asyncio.TaskGroup() as group:
        plane = _ControlPlane(server, delta)
        _fill(plane, port)
        serving = group.create_task(plane.serve())
        proxy = ProxyProcess(folder, ads_bootstrap(server.port, delta), "--drain-time-s", "1")
        try:
            await asyncio.to_thread(proxy.wait_until_live)
            yield plane, proxy
        except BaseException:
            print(proxy.log())
            raise
        finally:
            assert await asyncio.to_thread(proxy.stop) == 0
            serving.cancel()


async def _answer_of(proxy: ProxyProcess) -> str:
    url = f"http://{proxy.listener_address('in')}/"
    status, body, _ = await asyncio.to_thread(fetch, url)
    return str(json.loads(body)["upstream"]) if status == 200 else str(status)


async def _until(condition: Callable[[], Any], what: str) -> None:
    await asyncio.to_thread(wait_until, condition, what)


async def _until_answer(proxy: ProxyProcess, wanted: str) -> None:
    async with asyncio.timeout(10):
        while await _answer_of(proxy) != wanted:
            pass


def _play(scenario: Awaitable[None]) -> None:
    async def run() -> None:
        await scenario

    asyncio.run(run())


@pytest.mark.parametrize("delta", [False, True], ids=["sotw", "delta"])
def test_everything_comes_over_ads_and_changes_come_into_force(
    tmp_path: Path, delta: bool, upstreams: tuple[int, int]
) -> None:
    async def scenario() -> None:
        first, second = upstreams
        async with _mesh(tmp_path, delta, first) as (plane, proxy):
            assert await _answer_of(proxy) == "one"
            assert plane.nacks == []
            plane.resources[ENDPOINT]["app"] = _endpoints("app", second)
            plane.push(ENDPOINT)
            await _until_answer(proxy, "two")
            plane.resources[CLUSTER]["other"] = static_cluster("other", first)
            plane.push(CLUSTER)
            plane.resources[ROUTE]["routes"] = routes_to("other")
            version = plane.push(ROUTE)
            await _until_answer(proxy, "one")
            await _until(lambda: plane.acks.get(ROUTE) == version, "the ACK of the routes")
            assert proxy.stat("control_plane.connected_state") == 1

    _play(scenario())


@pytest.mark.parametrize("delta", [False, True], ids=["sotw", "delta"])
def test_what_is_not_supported_is_refused_by_its_field_and_the_rest_comes_into_force(
    tmp_path: Path, delta: bool, upstreams: tuple[int, int]
) -> None:
    async def scenario() -> None:
        first, second = upstreams
        async with _mesh(tmp_path, delta, first) as (plane, proxy):
            plane.resources[CLUSTER]["bad"] = static_cluster("bad", first, lb_subset_config={"list_as_any": True})
            plane.resources[CLUSTER]["good"] = static_cluster("good", second)
            plane.push(CLUSTER)
            await _until(lambda: plane.nacks, "a NACK")
            assert "Error adding/updating cluster(s) bad: lb_subset_config" in plane.nacks[0]
            assert await _answer_of(proxy) == "one"
            plane.resources[ROUTE]["routes"] = routes_to("good")
            plane.push(ROUTE)
            await _until_answer(proxy, "two")
            dump = await asyncio.to_thread(proxy.get, "/config_dump?resource=dynamic_warming_clusters")
            assert "this field is not supported" in dump[1]
            assert proxy.stat("cluster_manager.cds.update_rejected") == 1

    _play(scenario())


@pytest.mark.parametrize("delta", [False, True], ids=["sotw", "delta"])
def test_the_end_of_the_control_plane_changes_nothing_and_its_return_brings_what_is_new(
    tmp_path: Path, delta: bool, upstreams: tuple[int, int]
) -> None:
    async def scenario() -> None:
        first, second = upstreams
        async with _mesh(tmp_path, delta, first) as (plane, proxy):
            plane.resources[ENDPOINT]["app"] = _endpoints("app", second)
            plane.break_stream()
            await _until_answer(proxy, "two")
            assert plane.nacks == []
            assert proxy.stat("http.in.downstream_rq_5xx") == 0

    _play(scenario())


@pytest.mark.parametrize("delta", [False, True], ids=["sotw", "delta"])
def test_a_listener_that_is_gone_closes_its_port(tmp_path: Path, delta: bool, upstreams: tuple[int, int]) -> None:
    async def scenario() -> None:
        async with _mesh(tmp_path, delta, upstreams[0]) as (plane, proxy):
            where = proxy.listener_address("in")
            del plane.resources[LISTENER]["in"]
            plane.push(LISTENER, removed=("in",))

            def refused() -> bool:
                try:
                    fetch(f"http://{where}/")
                except OSError:
                    return True
                return False

            await _until(refused, "a closed port")
            assert proxy.get("/listeners")[1] == ""

    _play(scenario())


def test_a_listener_whose_address_is_taken_is_refused(tmp_path: Path, upstreams: tuple[int, int]) -> None:
    async def scenario() -> None:
        first, second = upstreams
        async with _mesh(tmp_path, True, first) as (plane, proxy):
            plane.resources[LISTENER]["taken"] = {**http_listener("taken"), "address": address(second)}
            plane.push(LISTENER)
            await _until(lambda: plane.nacks, "a NACK")
            assert f"taken: cannot bind '127.0.0.1:{second}': Address already in use" in plane.nacks[0]
            assert await _answer_of(proxy) == "one"

    _play(scenario())
