"""Listening sockets: bound here, one per worker and address, handed to the workers; they outlive a worker's death."""

import os
import socket
from collections.abc import Collection, Iterator
from typing import NamedTuple

from tulle.protos.messages import Address, Listener
from tulle.proxy.listener.listener_plan import backlog_of
from tulle.proxy.server.socket_options import (
    BOUND,
    LISTENING,
    PREBIND,
    Option,
    options_of,
    set_options,
)


class Place(NamedTuple):
    """Where a listener listens. `owner` tells listeners apart whose port the kernel chooses."""

    host: str
    port: int
    owner: str = ""

    def __str__(self) -> str:
        if not self.port and self.host.startswith(("/", "@")):
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def places_of(listener: Listener) -> list[Place]:
    """The addresses of a listener, bound or not."""
    addresses = [listener.address, *(extra.address for extra in listener.additional_addresses)]
    return [_place(address, listener.name) for address in addresses]


def _place(address: Address, owner: str) -> Place:
    if address.WhichOneof("address") == "pipe":
        return Place(address.pipe.path, 0)
    port = address.socket_address.port_value
    return Place(address.socket_address.address, port, "" if port else owner)


def is_bound(listener: Listener) -> bool:
    """Whether the listener has sockets of its own; others get connections handed over by `use_original_dst`."""
    if listener.HasField("bind_to_port"):
        return listener.bind_to_port.value
    return True


class _Bound:
    """The sockets of one place."""

    def __init__(self, place: Place, sockets: list[socket.socket], options: list[Option]) -> None:
        self.place = place
        self.sockets = sockets
        self.options = options
        self.backlog = 0  # it does not listen yet

    def listen(self, backlog: int) -> None:
        if self.backlog != backlog:
            for each in self.sockets:
                each.listen(backlog)
                if not self.backlog:
                    set_options(each, self.options, LISTENING)
            self.backlog = backlog

    def change_options(self, options: list[Option]) -> None:
        """Sets what a new version of the listener asks for; connections that come from now on have it."""
        if options != self.options:
            for each in self.sockets:
                for state in (PREBIND, BOUND, LISTENING):
                    set_options(each, [option for option in options if option not in self.options], state)
            self.options = options

    def close(self) -> None:
        for each in self.sockets:
            each.close()
        if self.place.host.startswith("/") and not self.place.port and os.path.exists(self.place.host):
            os.unlink(self.place.host)

    def address(self) -> str:
        """The address as it is bound, with the port that the kernel chose."""
        name = self.sockets[0].getsockname()
        return str(Place(name[0], name[1])) if isinstance(name, tuple) else str(self.place)


class ListeningSockets:
    """All sockets of the proxy, by place; a listener that is changed keeps those that it has."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._bound: dict[Place, _Bound] = {}

    def bind(self, listener: Listener) -> None:
        """Binds what is not bound yet; OSError with the address in its text."""
        if not is_bound(listener):
            return
        for index, place in enumerate(places_of(listener)):
            options = options_of(listener, index, _family_of(place))
            known = self._bound.get(place)
            try:
                if known is None:
                    self._bound[place] = _Bound(place, self._open(place, listener, options), options)
                else:
                    known.change_options(options)
            except OSError as error:
                raise OSError(error.errno, f"cannot bind '{place}': {error.strerror}") from error

    def _open(self, place: Place, listener: Listener, options: list[Option]) -> list[socket.socket]:
        reuse_port = listener.enable_reuse_port.value if listener.HasField("enable_reuse_port") else True
        if _family_of(place) == socket.AF_UNIX:
            return [_open_unix(place.host, options)]
        sockets: list[socket.socket] = []
        port = place.port
        for _ in range(self._workers if reuse_port else 1):
            try:
                sockets.append(_open_tcp(place.host, port, options, reuse_port))
            except OSError:
                for each in sockets:
                    each.close()
                raise
            port = sockets[0].getsockname()[1]
        return sockets

    def descriptors(self, listener: Listener, worker: int) -> list[int]:
        """The sockets of a listener for one worker, listening from now on."""
        found: list[int] = []
        for place in places_of(listener) if is_bound(listener) else []:
            bound = self._bound.get(place)
            if bound is not None:
                bound.listen(backlog_of(listener))
                found.append(bound.sockets[worker % len(bound.sockets)].fileno())
        return found

    def addresses(self, listener: Listener) -> list[str]:
        """The addresses of a listener as text; the port is the real one where the kernel chose it."""
        return [self._bound[place].address() if place in self._bound else str(place) for place in places_of(listener)]

    def keep_only(self, places: Collection[Place]) -> None:
        """Closes everything else: without our copy the kernel stops to queue connections for it."""
        for place in self._bound.keys() - set(places):
            self._bound.pop(place).close()

    def close(self) -> None:
        """Closes all."""
        self.keep_only(())

    def __iter__(self) -> Iterator[Place]:
        return iter(self._bound)


def _family_of(place: Place) -> int:
    if place.host.startswith(("/", "@")):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in place.host else socket.AF_INET


def _open_tcp(host: str, port: int, options: list[Option], reuse_port: bool) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        set_options(opened, options, PREBIND)
        opened.bind((host, port))
        set_options(opened, options, BOUND)
    except OSError:
        opened.close()
        raise
    return opened


def _open_unix(path: str, options: list[Option]) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.setblocking(False)
    try:
        set_options(opened, options, PREBIND)
        if path.startswith("@"):
            opened.bind("\0" + path[1:])
        else:
            if os.path.exists(path):
                os.unlink(path)
            opened.bind(path)
        set_options(opened, options, BOUND)
    except OSError:
        opened.close()
        raise
    return opened
