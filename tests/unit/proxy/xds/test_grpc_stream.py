"""A gRPC call over a connection of its own, against grpcio's server."""

import asyncio
from typing import Any

import pytest

from tests.support.fake_transport import FakeTransport
from tests.support.fake_xds import fake_server
from tests.support.h2_peer import H2Peer
from tulle.protos.messages import DiscoveryRequest, DiscoveryResponse
from tulle.proxy.xds.grpc_frames import encode
from tulle.proxy.xds.grpc_stream import Call, GrpcStream
from tulle.proxy.xds.sotw import Sotw


def test_messages_go_both_ways_and_large_ones_pass_the_window() -> None:
    async def talk() -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        async with fake_server() as server:
            call = Call(Sotw.method, "xds", [(b"x-token", b"secret")])
            loop = asyncio.get_running_loop()
            _, stream = await loop.create_connection(
                lambda: GrpcStream(call, heard.put_nowait), "127.0.0.1", server.port
            )
            stream.send(DiscoveryRequest(type_url="t", resource_names=["n" * 100] * 3000).SerializeToString())
            theirs = await server.stream()
            assert theirs.metadata["x-token"] == "secret"
            assert len((await theirs.hear()).resource_names) == 3000
            big = DiscoveryResponse(type_url="t", nonce="1")
            big.resources.add(value=b"x" * 3_000_000)
            theirs.say(big)
            theirs.say(DiscoveryResponse(nonce="2"))
            first = DiscoveryResponse.FromString(await asyncio.wait_for(heard.get(), 5))
            assert len(first.resources[0].value) == 3_000_000
            assert DiscoveryResponse.FromString(await heard.get()).nonce == "2"
            theirs.end()
            ended = await asyncio.wait_for(stream.ended, 5)
            assert (ended.status, ended.message) == (14, "told to end")

    asyncio.run(talk())


def test_a_method_that_the_server_lacks_ends_the_call_with_its_status() -> None:
    async def talk() -> None:
        async with fake_server() as server:
            loop = asyncio.get_running_loop()
            _, stream = await loop.create_connection(
                lambda: GrpcStream(Call("/no.Such/Method", "xds"), lambda data: None), "127.0.0.1", server.port
            )
            assert (await asyncio.wait_for(stream.ended, 5)).status == 12

    asyncio.run(talk())


def test_something_that_is_not_http2_ends_the_call() -> None:
    async def talk() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(
            lambda: GrpcStream(Call("/a/b", "xds"), lambda data: None), "127.0.0.1", port
        )
        assert (await asyncio.wait_for(stream.ended, 5)).status in (2, 14)
        server.close()

    asyncio.run(talk())


@pytest.mark.parametrize("reset", [False, True])
def test_an_answer_to_a_message_that_came_with_the_end_does_not_hide_why_it_ended(reset: bool) -> None:
    async def talk() -> None:
        streams: list[Any] = []
        stream = GrpcStream(Call(Sotw.method, "xds"), lambda message: streams[0].send(b"ack of " + message))
        streams.append(stream)
        transport = FakeTransport(stream)
        stream.connection_made(transport)
        server = H2Peer.server()
        server.attach(transport)
        server.exchange()
        server.machine.send_response(1, [(b":status", b"200")])
        server.machine.send_data(1, encode(b"last"))
        server.machine.send_trailers(1, [(b"grpc-status", b"7"), (b"grpc-message", b"go%20away")])
        data = server.machine.data_to_send()
        if reset:
            server.machine.reset_stream(1, 0)
            data += server.machine.data_to_send()
        transport.receive(data)
        assert stream.ended.result() == (7, "go away")

    asyncio.run(talk())
