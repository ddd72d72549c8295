"""The seam for transport sockets."""

import asyncio

from tests.support.fake_transport import FakeTransport
from tulle.proxy.network.network_filter import Take
from tulle.proxy.network.transport_socket import TransportSocketFactory
from tulle.proxy.telemetry.connection_info import ConnectionInfo


class _Plain:
    """Makes no handshake."""

    def accept(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes, take: Take) -> None:
        take(transport, info, received)


def test_a_factory_gives_the_connection_on_with_what_was_read() -> None:
    factory: TransportSocketFactory = _Plain()
    taken: list[bytes] = []
    factory.accept(FakeTransport(), ConnectionInfo(), b"abc", lambda transport, info, received: taken.append(received))
    assert taken == [b"abc"]
