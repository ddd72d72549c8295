"""The listening sockets of a worker: each accepts for a listener, which may be replaced while it does."""

import asyncio
import os
import socket
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Accepts(Protocol):
    """Whoever takes new connections."""

    def accept(self, transport: asyncio.Transport, /) -> None: ...


class Acceptor(asyncio.Protocol):
    """The first protocol of every connection of one socket; one object serves all of them."""

    __slots__ = ("target",)

    def __init__(self, target: Accepts) -> None:
        self.target = target

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is a stream's
        self.target.accept(transport)


class ListeningSocket:
    """One socket that accepts."""

    def __init__(self, loop: asyncio.AbstractEventLoop, opened: socket.socket, target: Accepts, backlog: int) -> None:
        self.acceptor = Acceptor(target)
        make = loop.create_unix_server if opened.family == socket.AF_UNIX else loop.create_server
        opened.setblocking(False)
        self._server: asyncio.Server = finish(make(self._protocol, sock=opened, backlog=backlog))

    def _protocol(self) -> Acceptor:
        return self.acceptor

    def close(self) -> None:
        """Accepts no more; connections that were accepted live on."""
        self._server.close()


class ListeningSockets:
    """The sockets of one listener. A descriptor that comes again for the same socket changes only who accepts."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._by_inode: dict[int, ListeningSocket] = {}

    def adopt(self, descriptors: Sequence[int], target: Accepts, backlog: int) -> None:
        """Accepts for `target` on exactly these; owns the descriptors from now on.

        The main process listens on them already, with the same `backlog`; to accept is to listen again.
        """
        kept: dict[int, ListeningSocket] = {}
        for descriptor in descriptors:
            inode = os.fstat(descriptor).st_ino
            known = self._by_inode.pop(inode, None) or kept.get(inode)
            if known is None:
                known = ListeningSocket(self._loop, socket.socket(fileno=descriptor), target, backlog)
            else:
                os.close(descriptor)
                known.acceptor.target = target
            kept[inode] = known
        self.close()
        self._by_inode = kept

    def close(self) -> None:
        """Accepts on none of them any more."""
        for each in self._by_inode.values():
            each.close()
        self._by_inode = {}


def close_descriptors(descriptors: Sequence[int]) -> None:
    """For descriptors that nobody wants."""
    for descriptor in descriptors:
        os.close(descriptor)


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing, as making a server of an open socket does."""
    try:
        while coroutine.send(None) is None:
            pass  # asyncio's own loop gives way once
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("the coroutine waits for something")
