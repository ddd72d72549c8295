"""Sends back what it receives (envoy.filters.network.echo)."""

import asyncio

from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.telemetry.connection_info import ConnectionInfo


class _Mirror(asyncio.Protocol):
    """One connection."""

    __slots__ = ("_echo", "_info", "transport")

    def __init__(self, echo: "Echo", transport: asyncio.Transport, info: ConnectionInfo) -> None:
        self._echo = echo
        self._info = info
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def pause_writing(self) -> None:
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._echo.open.discard(self)
        closed, self._info.on_closed = self._info.on_closed, None
        if closed is not None:
            closed()


class Echo:
    """The terminal filter of one filter chain."""

    def __init__(self, facts: ListenerFacts) -> None:
        self._buffer_limit = facts.buffer_limit
        self.open: set[_Mirror] = set()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self.open)

    def take(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        """Becomes the owner of a connection."""
        mirror = _Mirror(self, transport, info)
        self.open.add(mirror)
        transport.set_write_buffer_limits(high=self._buffer_limit, low=self._buffer_limit // 2)
        transport.set_protocol(mirror)
        if received:
            mirror.data_received(received)

    def drain(self) -> None:
        """Connections live on until the client closes them."""

    def close(self) -> None:
        """Closes every connection now."""
        for mirror in list(self.open):
            mirror.transport.abort()


def build_echo(config: bytes, facts: ListenerFacts) -> Echo:
    """The filter; it has no settings."""
    return Echo(facts)
