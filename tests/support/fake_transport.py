"""A transport that remembers what was done to it, and plays the peer when told to."""

import asyncio
from typing import Any


class FakeTransport(asyncio.Transport):
    """Closing is only begun by `close` and `abort`; `settle` brings it to its end, as a loop does a moment later."""

    def __init__(self, protocol: Any = None, local: Any = ("127.0.0.1", 80), remote: Any = ("127.0.0.1", 5000)) -> None:
        super().__init__({"sockname": local, "peername": remote})
        self.protocol = protocol
        self.written = b""
        self.wrote_eof = False
        self.aborted = False
        self.reading = True
        self.limits: tuple[int | None, int | None] = (None, None)
        self._closing = False
        self._lost = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    def write(self, data: Any) -> None:
        assert not self.wrote_eof, "written after the end of the stream"
        if not self._closing:
            self.written += bytes(data)

    def write_eof(self) -> None:
        self.wrote_eof = True

    def can_write_eof(self) -> bool:
        return True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.limits = (high, low)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self.aborted = True
        self._closing = True

    # the peer

    def receive(self, data: bytes) -> None:
        """The peer sent something."""
        self.protocol.data_received(data)

    def receive_eof(self) -> None:
        """The peer sends no more."""
        if not self.protocol.eof_received():
            self.close()

    def settle(self, error: Exception | None = None) -> None:
        """A connection that is closing is gone."""
        if self._closing and not self._lost:
            self._lost = True
            self.protocol.connection_lost(error)

    def reset(self) -> None:
        """The peer resets the connection."""
        self._closing = True
        self.settle(ConnectionResetError())
