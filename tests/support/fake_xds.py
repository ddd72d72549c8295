"""A gRPC server that plays the control plane, driven by a test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc

from tulle.protos.messages import DeltaDiscoveryRequest, DiscoveryRequest

_SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"


class FakeStream:
    """One open stream: `heard` holds the requests, None at the end; `say` sends a response, `end` ends it."""

    def __init__(self, metadata: dict[str, str]) -> None:
        self.metadata = metadata
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.to_say: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(self) -> Any:
        """The next request."""
        return await asyncio.wait_for(self.heard.get(), 5)

    def say(self, response: Any) -> None:
        """Sends a response."""
        self.to_say.put_nowait(response)

    def end(self) -> None:
        """Ends the stream with an error status."""
        self.to_say.put_nowait(None)
        self.heard.put_nowait(None)


class FakeServer:
    """Accepts streams of both variants."""

    def __init__(self) -> None:
        self.streams: asyncio.Queue[FakeStream] = asyncio.Queue()
        self.port = 0

    async def stream(self) -> FakeStream:
        """The next stream that a client opens."""
        return await asyncio.wait_for(self.streams.get(), 5)

    def _behaviour(self) -> Callable[[AsyncIterator[Any], Any], AsyncIterator[Any]]:
        async def serve(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
            stream = FakeStream(dict(context.invocation_metadata() or ()))
            self.streams.put_nowait(stream)

            async def listen() -> None:
                async for request in requests:
                    stream.heard.put_nowait(request)

            async with asyncio.TaskGroup() as group:
                listening = group.create_task(listen())
                while (response := await stream.to_say.get()) is not None:
                    yield response
                listening.cancel()
            await context.abort(grpc.StatusCode.UNAVAILABLE, "told to end")

        return serve


def _handler(behaviour: Any, request: Any) -> Any:
    return grpc.stream_stream_rpc_method_handler(
        behaviour,
        request_deserializer=request.FromString,
        response_serializer=lambda response: response.SerializeToString(),
    )


@asynccontextmanager
async def fake_server() -> AsyncIterator[FakeServer]:
    """A running server on a free port of loopback."""
    fake = FakeServer()
    server = grpc.aio.server()
    handlers = {
        "StreamAggregatedResources": _handler(fake._behaviour(), DiscoveryRequest),
        "DeltaAggregatedResources": _handler(fake._behaviour(), DeltaDiscoveryRequest),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
    fake.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield fake
    finally:
        await server.stop(None)
