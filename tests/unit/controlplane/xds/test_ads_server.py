"""The server: streams that do not wait for each other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from tests.mesh import CLIENT, REVIEWS, context_of
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.xds.ads_server import SERVICE, AdsServer, start_grpc_server
from tulle.controlplane.xds.status import Ledger
from tulle.foundation.errors import TulleError
from tulle.protos.messages import DiscoveryRequest
from tulle.protos.type_urls import CLUSTER

OTHER = [context_of(REVIEWS.replace("name: v2", f"name: v{number}")) for number in (7, 8, 9)]


class FakeClient:
    """A client of the SotW variant: what it is sent lands in `got`; a slow one takes nothing until it is told to."""

    def __init__(self, server: AdsServer, name: str, slow: bool = False) -> None:
        details: Any = SimpleNamespace(method=f"/{SERVICE}/StreamAggregatedResources", invocation_metadata=())
        handler: Any = server.handlers().service(details)
        self.got: asyncio.Queue[Any] = asyncio.Queue()
        self.aborted: list[grpc.StatusCode] = []
        self.reads = asyncio.Event()
        if not slow:
            self.reads.set()
        self._requests: asyncio.Queue[Any] = asyncio.Queue()
        self.serve: Callable[[], Awaitable[None]] = lambda: handler.stream_stream(self._iterate(), self)
        self.ask(name)

    def ask(self, name: str, nonce: str = "") -> None:
        request = DiscoveryRequest(type_url=CLUSTER, response_nonce=nonce)
        request.node.id = name
        self._requests.put_nowait(request)

    async def _iterate(self) -> AsyncIterator[Any]:
        while True:
            yield await self._requests.get()

    async def write(self, message: Any) -> None:
        await self.reads.wait()
        self.got.put_nowait(message)

    def done(self) -> bool:
        return False

    async def abort(self, code: grpc.StatusCode, _: str) -> None:
        self.aborted.append(code)


def run(check: Callable[[AdsServer, asyncio.TaskGroup], Awaitable[None]]) -> None:
    """Runs a check, and ends what it started."""

    async def main() -> None:
        server = AdsServer(context_of(REVIEWS), Ledger())
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            await check(server, group)
            for task in list(group._tasks):  # type: ignore[attr-defined]
                task.cancel()

    asyncio.run(main())


def test_a_client_that_does_not_read_holds_up_nobody_and_gets_only_the_newest() -> None:
    async def check(server: AdsServer, group: asyncio.TaskGroup) -> None:
        slow, quick = FakeClient(server, CLIENT.id, slow=True), FakeClient(server, "quick")
        for client in (slow, quick):
            group.create_task(client.serve())
        await quick.got.get()
        versions = []
        for context in OTHER:
            await server.publish(context)
            versions.append((await quick.got.get()).version_info)
        assert len(set(versions)) == 3
        slow.reads.set()
        assert [(await slow.got.get()).nonce for _ in range(2)] == ["1", "2"]
        await asyncio.sleep(0)
        assert slow.got.empty()
        assert sorted(node.id for node in server.nodes) == ["quick", CLIENT.id]

    run(check)


def test_an_error_ends_one_stream_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def check(server: AdsServer, group: asyncio.TaskGroup) -> None:
        broken, sound = FakeClient(server, "broken"), FakeClient(server, "sound")

        async def fail(_: Any) -> None:
            raise ValueError("no")

        broken.write = fail  # type: ignore[method-assign]
        group.create_task(sound.serve())
        await sound.got.get()
        await broken.serve()
        assert broken.aborted == [grpc.StatusCode.INTERNAL]
        assert [status.node_id for status in server.ledger.proxies.values()] == ["sound"]
        await server.publish(OTHER[0])
        await sound.got.get()

    run(check)
    assert "the stream of broken ended by an error" in caplog.text


def test_a_request_that_the_protocol_does_not_allow_ends_the_stream() -> None:
    async def check(server: AdsServer, _: asyncio.TaskGroup) -> None:
        client = FakeClient(server, "")
        await client.serve()
        assert client.aborted == [grpc.StatusCode.INVALID_ARGUMENT]

    run(check)


def test_the_time_of_each_push_is_told_and_a_client_that_is_gone_is_forgotten() -> None:
    async def check(_: AdsServer, group: asyncio.TaskGroup) -> None:
        times: list[float] = []
        server = AdsServer(context_of(REVIEWS), Ledger(), times.append)
        client = FakeClient(server, "a")
        task = group.create_task(client.serve())
        await client.got.get()
        await server.publish(OTHER[0])
        await client.got.get()
        while not times:
            await asyncio.sleep(0)
        assert 0 <= times[0] < 20
        task.cancel()
        await asyncio.wait([task])
        assert (server.nodes, server.ledger.proxies) == ((), {})

    run(check)


def test_several_changes_become_one_push_for_a_client_that_is_behind() -> None:
    async def check(server: AdsServer, _: asyncio.TaskGroup) -> None:
        first: PushContext = server.context
        for context in OTHER:
            await server.publish(context)
        assert await server.wait_for_other(first) is OTHER[-1]

    run(check)


def test_an_address_that_cannot_be_bound_is_an_error() -> None:
    async def main() -> None:
        server, port = await start_grpc_server(AdsServer(OTHER[0], Ledger()), "127.0.0.1:0")
        try:
            with pytest.raises(TulleError, match=f"cannot listen on 127.0.0.1:{port}"):
                await start_grpc_server(AdsServer(OTHER[0], Ledger()), f"127.0.0.1:{port}")
        finally:
            await server.stop(0)

    asyncio.run(main())
