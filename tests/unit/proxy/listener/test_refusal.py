"""The end of connections that nobody takes."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from tests.support.fake_transport import FakeTransport
from tulle.proxy.listener.refusal import refuse


class _Refusing(asyncio.Protocol):
    def data_received(self, data: bytes) -> None:
        refuse(self.transport, unread=True)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run], ids=["uvloop", "asyncio"])
def test_a_client_that_was_not_read_sees_a_reset(run: Callable[..., None]) -> None:
    async def scenario() -> None:
        server = await asyncio.get_running_loop().create_server(_Refusing, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        server.close()

    run(scenario())


def test_a_silent_client_sees_an_end() -> None:
    transport = FakeTransport()
    refuse(transport, unread=False)
    assert transport.aborted
