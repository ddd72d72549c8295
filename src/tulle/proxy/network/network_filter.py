"""What a filter chain asks of its terminal filter, and what that filter is told when it is built."""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from tulle.proxy.telemetry.connection_info import ConnectionInfo

Take = Callable[[asyncio.Transport, ConnectionInfo, bytes], None]

DEFAULT_BUFFER_LIMIT = 1024 * 1024  # Envoy: Listener.per_connection_buffer_limit_bytes


class ListenerFacts(NamedTuple):
    """What a filter may depend on of the listener around it; a change of these builds all filters anew."""

    listener_name: str
    address: str
    stats_prefix: str  # `listener.<address>.`, or what the listener's stat_prefix makes of it
    traffic_direction: int = 0  # envoy.config.core.v3.TrafficDirection
    buffer_limit: int = DEFAULT_BUFFER_LIMIT  # bytes that may wait for one connection before its source is paused


class ConnectionHandler(Protocol):
    """The terminal filter of one filter chain; made once, it serves all connections of the chain."""

    @property
    def connections(self) -> int:
        """How many are open."""

    def take(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes, /) -> None:
        """Becomes the owner of a connection; `received` was read from it already.

        The owner sets its own protocol and calls `info.on_closed` once, when the connection is gone.
        """

    def drain(self) -> None:
        """Finishes what is open and lets no new work begin on the connections that are open."""

    def close(self) -> None:
        """Closes everything now."""


# From the serialized typed_config; InvalidInput with paths that begin inside it.
BuildHandler = Callable[[bytes, ListenerFacts], ConnectionHandler]
NetworkFilters = Mapping[str, BuildHandler]  # by type URL

# A filter before the terminal one: from its serialized typed_config and the `take` of what follows it to a `take` that
# decides, notes something in the ConnectionInfo, or closes the connection and calls `on_closed` itself.
BuildConnectionFilter = Callable[[bytes, ListenerFacts, Take], Take]
ConnectionFilters = Mapping[str, BuildConnectionFilter]  # by type URL
