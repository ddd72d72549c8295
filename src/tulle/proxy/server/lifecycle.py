"""The states of the process, and the two ways in which it ends: after a drain, or at once."""

import asyncio
import logging

from tulle.protos import type_urls
from tulle.protos.messages import Listener
from tulle.proxy.server.sockets import ListeningSockets, Place, places_of
from tulle.proxy.server.workers import Worker, WorkerPool
from tulle.proxy.xds.inventory import Inventory

PRE_INITIALIZING = "PRE_INITIALIZING"
INITIALIZING = "INITIALIZING"
LIVE = "LIVE"
DRAINING = "DRAINING"

_INBOUND = 1  # envoy.config.core.v3.TrafficDirection

_log = logging.getLogger("tulle.proxy.lifecycle")


class Lifecycle:
    """Where the process stands between its start and its end."""

    def __init__(self, pool: WorkerPool, sockets: ListeningSockets, drain_time_s: float) -> None:
        self._pool = pool
        self._sockets = sockets
        self._drain_time_s = drain_time_s
        self._state = PRE_INITIALIZING
        self._undrained: set[int] = set()
        self._drained = asyncio.Event()
        self.inventory: Inventory | None = None
        self.health_failed = False
        self.stop = asyncio.Event()
        self.at_once = False

    @property
    def state(self) -> str:
        """As /ready prints it: a failed health check looks like a drain (Envoy: Instance::state)."""
        return DRAINING if self._state == LIVE and self.health_failed else self._state

    def enter(self, state: str) -> None:
        """Goes on to a state."""
        _log.info("%s", state.lower().replace("_", "-"))
        self._state = state

    def quit(self) -> None:
        """Ends the process without a drain."""
        self.at_once = True
        self.stop.set()
        self._drained.set()

    def on_signal(self) -> None:
        """The first asks for a drain, the second for an end."""
        if self.stop.is_set():
            self.quit()
        self.stop.set()

    async def drain(self, bound_s: float) -> None:
        """Stops to accept, lets requests finish, returns when all have or when the time is over."""
        self.enter(DRAINING)
        self._undrained = {worker.index for worker in self._pool.workers if worker.channel is not None}
        self._pool.send(("drain", bound_s))
        self._sockets.close()
        if not self._undrained:
            return
        try:
            async with asyncio.timeout(bound_s):
                await self._drained.wait()
        except TimeoutError:
            _log.warning("connections were still open after %g s", bound_s)

    def note_drained(self, worker: Worker) -> None:
        """A worker has no connection left, or is no more."""
        self._undrained.discard(worker.index)
        if not self._undrained:
            self._drained.set()

    def drain_listeners(self, inbound_only: bool, graceful: bool, skip_exit: bool) -> None:
        """Stops listeners while the process runs on; what is connected stays connected."""
        if self.inventory is None:
            return
        names: list[str] = []
        places = set(self._sockets)
        for name, resource in self.inventory.listeners.active.items():
            listener = Listener.FromString(resource.data)
            if inbound_only and listener.traffic_direction != _INBOUND:
                continue
            names.append(name)
            places -= set(places_of(listener))
        self._pool.send(("drain_listeners", names, graceful or skip_exit))
        if skip_exit:
            return
        loop = asyncio.get_running_loop()
        loop.call_later(self._drain_time_s if graceful else 0.0, self._stop_listeners, names, places)

    def _stop_listeners(self, names: list[str], places: set[Place]) -> None:
        for name in names:
            self._pool.send(("put", type_urls.LISTENER, name, None))
        self._sockets.keep_only(places)
