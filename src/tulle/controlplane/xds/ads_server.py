"""ADS over gRPC: one task a client, one waiting push a client, both variants of the protocol."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import grpc.aio

from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.settings import parse_address
from tulle.controlplane.xds.delta import DeltaSubscription
from tulle.controlplane.xds.session import BadRequest, Session
from tulle.controlplane.xds.sotw import SotwSubscription
from tulle.controlplane.xds.status import Ledger
from tulle.controlplane.xds.subscription import Reply, Subscription
from tulle.foundation.errors import TulleError
from tulle.protos.messages import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
)

_log = logging.getLogger("tulle.xds")
OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    # A client that vanished without a word is noticed (Istio: 30 s); clients may ask for the same of us.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"


class AdsServer:
    """Serves the current context to all clients and pushes each new one."""

    def __init__(self, context: PushContext, ledger: Ledger, on_pushed: Callable[[float], None] = lambda _: None):
        """`on_pushed` is told, for each client and push, the seconds from `publish` to the last response."""
        self.context = context
        self.ledger = ledger
        self.on_pushed = on_pushed
        self.published_at = 0.0
        self._changed = asyncio.Condition()
        self._numbers = itertools.count(1)
        self._sessions: dict[int, Session] = {}

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The connected proxies that have said who they are."""
        return tuple(session.node for session in self._sessions.values() if session.node is not None)

    async def publish(self, context: PushContext) -> None:
        """Makes `context` the one in force; a client that is behind gets only the newest."""
        async with self._changed:
            self.context = context
            self.published_at = asyncio.get_running_loop().time()
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

    def _stream(self, subscribe: Callable[[str], Subscription[Any]]) -> Callable[[AsyncIterator[Any], Any], Any]:
        async def serve(requests: AsyncIterator[Any], call: Any) -> None:
            session = Session(next(self._numbers), self.context, self.ledger, subscribe)
            self._sessions[session.number] = session
            try:
                await _Stream(self, session, call.write).run(requests)
            except BadRequest as error:
                await call.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            except Exception as error:
                # The edge of one client's stream: what goes wrong here is no matter of the others.
                if not call.done():
                    name = session.node.id if session.node else "a client without a name"
                    _log.error("the stream of %s ended by an error", name, exc_info=error)
                    await call.abort(grpc.StatusCode.INTERNAL, "internal error of the control plane")
            finally:
                del self._sessions[session.number]
                session.close()

        return serve

    async def wait_for_other(self, context: PushContext) -> PushContext:
        """Returns when the context in force is not `context` any more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.context is not context)
            return self.context


class _Stream:
    """Runs a session over a stream; requests and pushes take turns, so that responses keep their order."""

    def __init__(self, server: AdsServer, session: Session, write: Callable[[Any], Any]) -> None:
        self._server = server
        self._session = session
        self._write = write
        self._turn = asyncio.Lock()

    async def run(self, requests: AsyncIterator[Any]) -> None:
        """Serves until the client goes away."""
        try:
            async with asyncio.TaskGroup() as group:
                pushing = group.create_task(self._push_changes())
                try:
                    async for request in requests:
                        async with self._turn:
                            await self._send(self._session.receive(request))
                finally:
                    pushing.cancel()
        except* BadRequest as errors:
            raise errors.exceptions[0] from None

    async def _push_changes(self) -> None:
        while True:
            server = self._server
            await server.wait_for_other(self._session.context)
            async with self._turn:
                # The newest when the turn comes: what was newest before it is skipped.
                began = server.published_at
                await self._send(self._session.push(server.context))
            server.on_pushed(asyncio.get_running_loop().time() - began)

    async def _send(self, replies: Iterator[Reply]) -> None:
        for reply in replies:
            # A client that does not read holds up nobody but itself: here its own task waits.
            await self._write(reply.message)


async def start_grpc_server(ads: AdsServer, address: str) -> tuple[grpc.aio.Server, int]:
    """The running server and its port; TulleError when the address cannot be bound."""
    parse_address(address)
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((ads.handlers(),))
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise TulleError(f"cannot listen on {address}", "choose another one with --xds-address") from error
    await server.start()
    return server, port
