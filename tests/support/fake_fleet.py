"""Many clients of a control plane that take everything, in one thread: a fleet without the cost of its proxies."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc.aio

from tulle.controlplane.xds.ads_server import SERVICE
from tulle.protos.messages import Cluster, DeltaDiscoveryRequest, DeltaDiscoveryResponse
from tulle.protos.type_urls import CLUSTER, ENDPOINT, LISTENER, ROUTE

ROUTES = ("http_proxy",)


class _FakeProxy:
    """One client of the delta variant."""

    def __init__(self, node_id: str) -> None:
        self._id = node_id
        self._has: dict[str, dict[str, str]] = {url: {} for url in (CLUSTER, ENDPOINT, LISTENER, ROUTE)}

    async def run(self, target: str) -> None:
        """Serves one connection after the other."""
        while True:
            async with grpc.aio.insecure_channel(target) as channel:
                try:
                    await self._talk(channel)
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.05)

    async def _talk(self, channel: grpc.aio.Channel) -> None:
        call: Any = channel.stream_stream(
            f"/{SERVICE}/DeltaAggregatedResources",
            request_serializer=DeltaDiscoveryRequest.SerializeToString,
            response_deserializer=DeltaDiscoveryResponse.FromString,
        )()
        for url, names in ((CLUSTER, ()), (ENDPOINT, self._has[ENDPOINT]), (LISTENER, ()), (ROUTE, ROUTES)):
            request = DeltaDiscoveryRequest(
                type_url=url, resource_names_subscribe=names, initial_resource_versions=self._has[url]
            )
            request.node.id = self._id
            request.node.metadata.update({"INTERCEPTION_MODE": "NONE"})
            await call.write(request)
        async for response in call:
            await self._take(call, response)

    async def _take(self, call: Any, response: DeltaDiscoveryResponse) -> None:
        has = self._has[response.type_url]
        has.update({item.name: item.version for item in response.resources})
        for name in response.removed_resources:
            has.pop(name, None)
        await call.write(DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce))
        if response.type_url == CLUSTER:
            found = [Cluster.FromString(item.resource.value) for item in response.resources]
            fresh = [item.name for item in found if item.type == Cluster.EDS and item.name not in self._has[ENDPOINT]]
            if fresh:
                await call.write(DeltaDiscoveryRequest(type_url=ENDPOINT, resource_names_subscribe=fresh))


@contextmanager
def fake_fleet(target: tuple[str, int], size: int) -> Iterator[None]:
    """So many sidecars, connected until the end."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            proxies = [_FakeProxy(f"sidecar~127.8.0.{number}~fake-{number}.default~x") for number in range(1, size + 1)]
            tasks = [group.create_task(proxy.run(f"{target[0]}:{target[1]}")) for proxy in proxies]
            await stop.wait()
            for task in tasks:
                task.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
