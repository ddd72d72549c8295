"""What stands between the socket and the network filters of a chain: nothing for raw_buffer, a handshake for TLS."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from tulle.protos.messages import TransportSocket
from tulle.proxy.network.network_filter import Take
from tulle.proxy.telemetry.connection_info import ConnectionInfo


class TransportSocketFactory(Protocol):
    """Built once per filter chain."""

    def accept(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes, take: Take) -> None:
        """Makes the handshake, then gives the wrapped transport to `take`.

        Until then the factory owns the connection, so that a failed handshake closes it and calls `info.on_closed`.
        """


# InvalidInput with paths that begin inside the TransportSocket.
BuildTransportSocket = Callable[[TransportSocket], TransportSocketFactory]
TransportSockets = Mapping[str, BuildTransportSocket]  # by type URL of typed_config
