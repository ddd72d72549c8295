"""The two sides of a proxied TCP connection: what one reads is written to the other, end of stream included."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from tulle.proxy.telemetry.stats import Counter


class SideOwner(Protocol):
    """Whoever made a side and wants to know of its end."""

    def side_lost(self, side: "Side") -> None: ...


class Side(asyncio.Protocol):
    """One side, once both are connected; `peer` is the other one.

    `rx` and `tx` count what this side reads: as received here and as sent there. `last_active` is the loop's time of
    the last byte that was read.
    """

    __slots__ = (
        "closed_here",
        "eof",
        "last_active",
        "lost",
        "now",
        "owner",
        "paused_reading",
        "peer",
        "received",
        "resumed_reading",
        "rx",
        "transport",
        "tx",
        "write",
    )

    peer: "Side"
    write: Callable[[bytes], None]  # of the peer's transport, bound once

    def __init__(self, owner: SideOwner, transport: asyncio.Transport, now: Callable[[], float]) -> None:
        self.owner = owner
        self.transport = transport
        self.now = now
        self.last_active = now()
        self.received = 0
        self.eof = False
        self.lost = False
        self.closed_here = False  # and not by its remote end

    def count_with(self, received: tuple[Counter, Counter], flow_control: tuple[Counter, Counter]) -> None:
        """The counters of what is read here (as received, as sent on) and of reading that was paused and resumed."""
        self.rx, self.tx = received
        self.paused_reading, self.resumed_reading = flow_control

    def join(self, peer: "Side") -> None:
        """From now on what this side reads goes to `peer`."""
        self.peer = peer
        self.write = peer.transport.write

    def data_received(self, data: bytes) -> None:
        size = len(data)
        self.received += size
        self.rx.value += size
        self.tx.value += size
        self.last_active = self.now()
        self.write(data)

    def eof_received(self) -> bool:
        self.eof = True
        peer = self.peer
        if peer.lost or peer.eof:
            # Both directions have ended; what is still buffered is sent before the sockets close.
            peer.close()
            return False
        peer.transport.write_eof()
        return True  # the other direction stays open

    def pause_writing(self) -> None:
        peer = self.peer
        if not peer.lost:
            peer.transport.pause_reading()
            peer.paused_reading.value += 1

    def resume_writing(self) -> None:
        peer = self.peer
        if not peer.lost and not peer.transport.is_closing():
            peer.transport.resume_reading()
            peer.resumed_reading.value += 1

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        peer = self.peer
        if not peer.lost and not peer.transport.is_closing():
            peer.close()
        self.owner.side_lost(self)

    def close(self) -> None:
        """Sends what is buffered and closes."""
        self.closed_here = True
        self.transport.close()

    def abort(self) -> None:
        """Closes without sending what is buffered."""
        self.closed_here = True
        self.transport.abort()
