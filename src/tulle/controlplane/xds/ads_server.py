"""ADS over gRPC: one task a client, one waiting push a client, both variants of the protocol."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio

from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node, parse_node
from tulle.controlplane.translate.generate import generate
from tulle.controlplane.xds.delta import DeltaSubscription
from tulle.controlplane.xds.sotw import Answer, SotwSubscription
from tulle.controlplane.xds.status import Ledger, ProxyStatus
from tulle.protos.messages import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
)
from tulle.protos.type_urls import SEND_ORDER, SHORT_NAMES

_log = logging.getLogger("tulle.xds")
SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
Subscription = SotwSubscription | DeltaSubscription


class AdsServer:
    """Serves the current context to all clients and pushes each new one."""

    def __init__(self, context: PushContext, ledger: Ledger) -> None:
        self.context = context
        self.ledger = ledger
        self._changed = asyncio.Condition()
        self._numbers = itertools.count(1)
        self.nodes: dict[int, Node] = {}

    async def publish(self, context: PushContext) -> None:
        """Makes `context` the one in force; a client that is behind gets only the newest."""
        async with self._changed:
            self.context = context
            self._changed.notify_all()

    def handlers(self) -> grpc.GenericRpcHandler:
        """The two methods of ADS."""
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(
                self._stream(SotwSubscription),
                request_deserializer=DiscoveryRequest.FromString,
                response_serializer=DiscoveryResponse.SerializeToString,
            ),
            "DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(
                self._stream(DeltaSubscription),
                request_deserializer=DeltaDiscoveryRequest.FromString,
                response_serializer=DeltaDiscoveryResponse.SerializeToString,
            ),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def _stream(self, kind: Callable[[str], Any]) -> Callable[[AsyncIterator[Any], Any], Any]:
        async def serve(requests: AsyncIterator[Any], call: Any) -> None:
            client = _Client(self, kind, call, next(self._numbers))
            try:
                await client.run(requests)
            finally:
                self.ledger.disconnect(client.number)
                self.nodes.pop(client.number, None)

        return serve

    async def wait_for_other(self, context: PushContext) -> PushContext:
        """Returns when the context in force is not `context` any more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.context is not context)
            return self.context


class _Client:
    """One stream: requests and pushes meet in one queue of work, so that answers keep their order."""

    def __init__(self, server: AdsServer, kind: Callable[[str], Any], call: Any, number: int) -> None:
        self.number = number
        self._server = server
        self._kind = kind
        self._call = call
        self._context = server.context
        self._subscriptions: dict[str, Any] = {}
        self._node: Node | None = None
        self._status: ProxyStatus | None = None
        self._lock = asyncio.Lock()

    async def run(self, requests: AsyncIterator[Any]) -> None:
        """Serves until the client goes away."""
        async with asyncio.TaskGroup() as group:
            pushing = group.create_task(self._push_changes())
            try:
                async for request in requests:
                    async with self._lock:
                        await self._receive(request)
            finally:
                pushing.cancel()

    async def _push_changes(self) -> None:
        while True:
            context = await self._server.wait_for_other(self._context)
            async with self._lock:
                self._context = context
                for type_url in SEND_ORDER:
                    if type_url in self._subscriptions:
                        await self._respond(type_url)

    async def _receive(self, request: Any) -> None:
        if self._node is None:
            self._node = parse_node(request.node)
            self._status = self._server.ledger.connect(self.number, self._node.id)
            self._server.nodes[self.number] = self._node
        type_url = request.type_url
        subscription = self._subscriptions.setdefault(type_url, self._kind(type_url))
        answer: Answer = subscription.receive(request)
        if self._status is not None and (answer.nonce or answer.error):
            self._server.ledger.answered(self._status, type_url, answer.nonce, answer.error)
        if answer.error:
            kind = SHORT_NAMES.get(type_url, type_url)
            _log.warning("%s refused %s: %s", self._node.id, kind, answer.error)
        if answer.wants_response:
            await self._respond(type_url)

    async def _respond(self, type_url: str) -> None:
        node, status = self._node, self._status
        if node is None or status is None:
            return
        subscription = self._subscriptions[type_url]
        response = subscription.respond(
            lambda names: generate(type_url, node, self._context, names), self._context.version
        )
        if response is not None:
            self._server.ledger.sent(status, type_url, response.nonce, subscription.count)
            await self._call.write(response)


async def start_grpc_server(ads: AdsServer, address: str) -> tuple[grpc.aio.Server, int]:
    """The running server and its port; OSError when the address cannot be bound."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1)])
    server.add_generic_rpc_handlers((ads.handlers(),))
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}: {error}") from error
    await server.start()
    return server, port
