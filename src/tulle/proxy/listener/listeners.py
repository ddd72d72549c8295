"""The listeners of one worker: put, replaced, drained and removed while connections go on."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import count
from typing import NamedTuple

from tulle.protos.messages import Listener as ListenerProto
from tulle.proxy.listener.accepting import ListeningSockets, close_descriptors
from tulle.proxy.listener.filter_chains import Extensions, FilterChain
from tulle.proxy.listener.listener import Listener, ListenerSurroundings
from tulle.proxy.listener.listener_plan import plan_listener
from tulle.proxy.network.addresses import SocketName
from tulle.proxy.telemetry.stats import StatsStore

# How often a drain looks whether it is over: of everything, when somebody waits for it, and of replaced chains.
_SWEEP_S = 0.05
_LAZY_SWEEP_S = 1.0


class _Served(NamedTuple):
    listener: Listener
    sockets: ListeningSockets


class _Draining(NamedTuple):
    """What is no longer configured and still has connections."""

    deadline: float
    listener: Listener
    chains: tuple[FilterChain, ...]

    def connections(self) -> int:
        return self.listener.waiting + sum(chain.handler.connections for chain in self.chains)

    def close(self) -> None:
        self.listener.close_inspections()
        for chain in self.chains:
            chain.handler.close()


class ListenerSet:
    """All listeners by name. `drain_time_s` is how long connections of removed filter chains may live on."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        stats: StatsStore,
        worker_index: int,
        extensions: Extensions,
        drain_time_s: float,
    ) -> None:
        self._loop = loop
        self._stats = stats
        self._extensions = extensions
        self._drain_time_s = drain_time_s
        self._around = ListenerSurroundings(loop, stats, worker_index, self.find_by_address, count(1))
        self._served: dict[str, _Served] = {}
        self._by_address: dict[str, Listener] = {}
        self._draining: list[_Draining] = []
        self._next_sweep: asyncio.Handle | None = None
        self._on_drained: Callable[[], None] | None = None

    @property
    def connections(self) -> int:
        """How many connections are open, those of removed filter chains and those without a chain included."""
        served = sum(_connections_of(each.listener) for each in self._served.values())
        return served + sum(each.connections() for each in self._draining)

    def names(self) -> Collection[str]:
        """The names of the listeners that are in force."""
        return self._served.keys()

    def put(self, name: str, data: bytes, descriptors: Sequence[int]) -> None:
        """Adds or replaces a listener, whose listening sockets are `descriptors`, owned from now on.

        Sockets that it had already go on without a gap. When only filter chains differ, those that did not change keep
        their connections; otherwise all connections of the old version drain. InvalidInput leaves the old version as
        it was.
        """
        try:
            proto = ListenerProto.FromString(data)
            old = self._served.get(name)
            keeps = old is not None and _same_but_for_chains(old.listener.plan.proto, proto)
            known = old.listener.plan.chains.by_bytes if old is not None and keeps else {}
            listener = Listener(plan_listener(proto, self._extensions, self._stats, known), self._around)
        except BaseException:
            close_descriptors(descriptors)
            raise
        sockets = old.sockets if old is not None else ListeningSockets(self._loop)
        self._served[name] = _Served(listener, sockets)
        self._index()
        sockets.adopt(descriptors, listener, listener.plan.backlog)
        if old is not None:
            old.listener.successor = listener
            self._drain_chains(old.listener, keep=listener.plan.chains.by_bytes.values())

    def remove(self, name: str) -> None:
        """Accepts no more for this listener and drains its connections."""
        served = self._served.pop(name, None)
        if served is not None:
            self._index()
            served.sockets.close()
            self._drain_chains(served.listener, keep=())

    def _drain_chains(self, listener: Listener, keep: Iterable[FilterChain]) -> None:
        kept = set(keep)
        gone = tuple(chain for chain in listener.plan.chains.by_bytes.values() if chain not in kept)
        for chain in gone:
            chain.handler.drain()
        self._draining.append(_Draining(self._loop.time() + self._drain_time_s, listener, gone))
        self._sweep_soon()

    def drain(self, bound_s: float, done: Callable[[], None]) -> None:
        """Accepts no more, lets what is open finish, closes the rest after `bound_s`; calls `done` at the end."""
        self._on_drained = done
        deadline = self._loop.time() + bound_s
        served, self._served = self._served, {}
        for each in served.values():
            each.sockets.close()
            chains = tuple(each.listener.plan.chains.by_bytes.values())
            for chain in chains:
                chain.handler.drain()
            self._draining.append(_Draining(deadline, each.listener, chains))
        self._draining = [each._replace(deadline=min(each.deadline, deadline)) for each in self._draining]
        self._sweep_soon()

    def drain_listeners(self, names: Iterable[str], keep_open: bool) -> None:
        """Drains these listeners while they stay configured; they go on to accept only when `keep_open` says so."""
        for name in names:
            served = self._served.get(name)
            if served is None:
                continue
            if not keep_open:
                served.sockets.close()
            for chain in served.listener.plan.chains.by_bytes.values():
                chain.handler.drain()

    def close(self) -> None:
        """Closes every socket and every connection."""
        for served in self._served.values():
            served.sockets.close()
            _Draining(0.0, served.listener, tuple(served.listener.plan.chains.by_bytes.values())).close()
        self._served = {}
        for each in self._draining:
            each.close()
        self._draining = []

    def find_by_address(self, address: SocketName) -> Listener | None:
        """The listener of this address, or of its port on all addresses (Envoy: getBalancedHandlerByAddress)."""
        known = self._by_address
        found = known.get(address.text)
        if found is None and ":" not in address.ip:
            found = known.get(f"0.0.0.0:{address.port}")
        return found or known.get(f"[::]:{address.port}")

    def _index(self) -> None:
        self._by_address = {
            address.text: served.listener
            for served in self._served.values()
            for address in served.listener.plan.addresses
        }

    def _sweep_soon(self) -> None:
        if self._next_sweep is not None:
            self._next_sweep.cancel()
        self._next_sweep = self._loop.call_soon(self._sweep)

    def _sweep(self) -> None:
        self._next_sweep = None
        now = self._loop.time()
        left: list[_Draining] = []
        for each in self._draining:
            if each.connections() and each.deadline > now:
                left.append(each)
            else:
                each.close()
        self._draining = left
        if left:
            delay_s = _SWEEP_S if self._on_drained is not None else _LAZY_SWEEP_S
            self._next_sweep = self._loop.call_later(delay_s, self._sweep)
        elif self._on_drained is not None:
            done, self._on_drained = self._on_drained, None
            done()


def _connections_of(listener: Listener) -> int:
    return listener.waiting + sum(chain.handler.connections for chain in listener.plan.chains.by_bytes.values())


def _same_but_for_chains(left: ListenerProto, right: ListenerProto) -> bool:
    return _without_chains(left) == _without_chains(right)


def _without_chains(proto: ListenerProto) -> ListenerProto:
    copy = ListenerProto()
    copy.CopyFrom(proto)
    copy.ClearField("filter_chains")
    copy.ClearField("default_filter_chain")
    return copy
