"""From the inventory to the workers: every change at once, removals of clusters a moment later."""

import asyncio
import logging

from tulle.protos import type_urls
from tulle.protos.messages import Listener
from tulle.proxy.server.sockets import ListeningSockets
from tulle.proxy.server.workers import Worker, WorkerPool

# A server sends clusters before the routes that no longer name them; without this moment requests on the old routes
# would find no cluster.
REMOVAL_GRACE_S = 1.0

_log = logging.getLogger("tulle.proxy.publisher")


class Publisher:
    """Speaks to the workers about resources."""

    def __init__(self, pool: WorkerPool, sockets: ListeningSockets) -> None:
        self._pool = pool
        self._sockets = sockets
        self._removals: dict[str, asyncio.TimerHandle] = {}

    def publish(self, type_url: str, name: str, data: bytes | None) -> None:
        """Tells all workers of a resource, or of its end."""
        if type_url == type_urls.CLUSTER and self._defer_removal(name, data):
            return
        for worker in self._pool.workers:
            self.tell(worker, type_url, name, data)

    def tell(self, worker: Worker, type_url: str, name: str, data: bytes | None) -> None:
        """Tells one worker."""
        descriptors: list[int] = []
        if type_url == type_urls.LISTENER and data is not None:
            descriptors = self._sockets.descriptors(Listener.FromString(data), worker.index)
        worker.send(("put", type_url, name, data), descriptors)

    def _defer_removal(self, name: str, data: bytes | None) -> bool:
        waiting = self._removals.pop(name, None)
        if waiting is not None:
            waiting.cancel()
        if data is not None:
            return False
        loop = asyncio.get_running_loop()
        self._removals[name] = loop.call_later(REMOVAL_GRACE_S, self._remove_cluster, name)
        return True

    def _remove_cluster(self, name: str) -> None:
        self._removals.pop(name, None)
        _log.debug("the cluster %s is gone", name)
        self._pool.send(("put", type_urls.CLUSTER, name, None))
