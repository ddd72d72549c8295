"""A connection whose filter chain is not known yet: bytes are gathered until every listener filter has decided."""

import asyncio
from typing import TYPE_CHECKING

from tulle.proxy.listener.listener_filter import MORE, REFUSE
from tulle.proxy.listener.refusal import refuse
from tulle.proxy.network.network_filter import Take
from tulle.proxy.telemetry.connection_info import ConnectionInfo

if TYPE_CHECKING:
    from tulle.proxy.listener.listener import Listener


class Inspection(asyncio.Protocol):
    """The protocol of one connection while listener filters look at it, in their order."""

    __slots__ = ("_data", "_info", "_listener", "_next", "_then", "transport")

    def __init__(self, listener: "Listener", transport: asyncio.Transport, info: ConnectionInfo, then: Take) -> None:
        self._listener = listener
        self._info = info
        self._data = bytearray()
        self._next = 0
        self._then = then  # where the connection goes from here
        self.transport = transport

    def begin(self, received: bytes) -> None:
        """Asks the filters; goes on when more bytes come. `received` has come already."""
        self._listener.inspection_began(self)
        self.transport.set_protocol(self)
        self._data += received
        self._run(received)

    def data_received(self, data: bytes) -> None:
        self._data += data
        self._run(bytes(self._data))

    def _run(self, data: bytes) -> None:
        filters = self._listener.filters
        while self._next < len(filters):
            planned = filters[self._next]
            if not planned.wanted(self._info):
                pass
            elif not planned.filter.reads:
                planned.filter.accepted(self.transport, self._info)
            else:
                verdict = planned.filter.inspect(data, self._info) if data else MORE
                if verdict == MORE:
                    return
                if verdict == REFUSE:
                    self._refuse()
                    return
                if verdict:
                    data = data[verdict:]
                    del self._data[:verdict]
            self._next += 1
        self._hand_over()

    def _hand_over(self) -> None:
        self._listener.inspection_ended(self)
        self._then(self.transport, self._info, bytes(self._data))

    def time_out(self) -> None:
        """The filters had long enough."""
        if self._listener.continue_on_timeout:
            self._hand_over()
            return
        self._refuse()

    def _refuse(self) -> None:
        self._listener.inspection_ended(self)
        refuse(self.transport, unread=bool(self._data))

    def eof_received(self) -> bool:
        self._listener.stats.downstream_listener_filter_remote_close.value += 1
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if self._listener.inspection_ended(self) and error is not None:
            self._listener.stats.downstream_listener_filter_error.value += 1
