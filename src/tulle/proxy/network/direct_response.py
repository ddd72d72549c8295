"""Answers every connection with the same bytes and closes it (envoy.filters.network.direct_response)."""

import asyncio

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import NetworkDirectResponse
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.telemetry.connection_info import ConnectionInfo


class _Answered(asyncio.Protocol):
    """One connection, until what was sent has left."""

    __slots__ = ("_info", "_owner", "transport")

    def __init__(self, owner: "DirectResponse", transport: asyncio.Transport, info: ConnectionInfo) -> None:
        self._owner = owner
        self._info = info
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._owner.open.discard(self)
        closed, self._info.on_closed = self._info.on_closed, None
        if closed is not None:
            closed()


class DirectResponse:
    """The terminal filter of one filter chain."""

    def __init__(self, response: bytes) -> None:
        self._response = response
        self.open: set[_Answered] = set()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self.open)

    def take(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        """Answers at once, whatever the client sends."""
        answered = _Answered(self, transport, info)
        self.open.add(answered)
        transport.set_protocol(answered)
        if self._response:
            transport.write(self._response)
        transport.close()

    def drain(self) -> None:
        """Connections end by themselves."""

    def close(self) -> None:
        """Closes what has not ended yet."""
        for answered in list(self.open):
            answered.transport.abort()


def build_direct_response(config: bytes, facts: ListenerFacts) -> DirectResponse:
    """From a serialized `Config`; InvalidInput when the response does not stand in it."""
    response = NetworkDirectResponse.FromString(config).response
    kind = response.WhichOneof("specifier")
    if kind == "inline_string":
        return DirectResponse(response.inline_string.encode())
    if kind == "inline_bytes":
        return DirectResponse(response.inline_bytes)
    if kind is None:
        return DirectResponse(b"")
    raise InvalidInput([FieldProblem(f"response.{kind}", "only inline_string and inline_bytes are supported")])
