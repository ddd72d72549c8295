"""All configuration in force or warming, whatever it came from; the one place that says what workers must know."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tulle.protos import type_urls
from tulle.protos.messages import Cluster, Listener
from tulle.proxy.upstream.endpoints_name import comes_by_dns
from tulle.proxy.xds.references import (
    cluster_fetch_timeout_s,
    endpoints_named_by,
    listener_fetch_timeout_s,
    routes_named_by,
)
from tulle.proxy.xds.warming import Kinds, Publish, Resource, WarmingSet


@dataclass(frozen=True, slots=True)
class Rejected:
    """The last update of a resource that was not taken over."""

    data: bytes
    version: str
    details: str
    when: float  # seconds since the epoch


@dataclass(slots=True)
class Discovery:
    """What came of one type so far; the stats and the dump show it."""

    version: str = ""
    initialized: bool = False  # the first response was handled, accepted or not
    rejected: dict[str, Rejected] = field(default_factory=dict)


class Inventory:
    """Clusters with their endpoints, listeners with their routes."""

    def __init__(
        self,
        publish: Publish,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._wall_clock = wall_clock
        self.clusters = WarmingSet(Kinds(type_urls.CLUSTER, type_urls.ENDPOINT, False), publish, clock)
        self.listeners = WarmingSet(Kinds(type_urls.LISTENER, type_urls.ROUTE, True), publish, clock)
        self.discovery = {type_url: Discovery() for type_url in type_urls.SEND_ORDER}

    def put_cluster(self, cluster: Cluster, version: str = "", static: bool = False) -> bool:
        """Takes a cluster; False when nothing changed. A static one is never replaced (Envoy: blocked updates)."""
        current = self.clusters.active.get(cluster.name) or self.clusters.warming.get(cluster.name)
        if current is not None and current.static and not static:
            return False
        return self.clusters.put(
            Resource(
                cluster.name,
                cluster.SerializeToString(deterministic=True),
                version,
                self._wall_clock(),
                endpoints_named_by(cluster),
                static,
                cluster_fetch_timeout_s(cluster),
            )
        )

    def put_listener(self, listener: Listener, version: str = "", static: bool = False) -> bool:
        """Takes a listener; False when nothing changed. A static one is never replaced."""
        current = self.listeners.active.get(listener.name) or self.listeners.warming.get(listener.name)
        if current is not None and current.static and not static:
            return False
        return self.listeners.put(
            Resource(
                listener.name,
                listener.SerializeToString(deterministic=True),
                version,
                self._wall_clock(),
                routes_named_by(listener),
                static,
                listener_fetch_timeout_s(listener),
            )
        )

    def dynamic_names(self, type_url: str) -> set[str]:
        """The names of the resources of this type that a server sent."""
        found = self.clusters if type_url == type_urls.CLUSTER else self.listeners
        return {resource.name for resource in (*found.active.values(), *found.warming.values()) if not resource.static}

    def resolved_clusters(self) -> dict[str, bytes]:
        """The clusters whose hosts are names; the version that is to come goes before the one in force."""
        found = (*self.clusters.active.values(), *self.clusters.warming.values())
        return {resource.name: resource.data for resource in found if any(map(comes_by_dns, resource.needs))}

    def snapshot(self) -> Iterator[tuple[str, str, bytes]]:
        """Everything in force, in the order in which a new worker must hear of it."""
        yield from self.clusters.snapshot()
        yield from self.listeners.snapshot()

    def expire(self) -> None:
        """Brings into force what has waited long enough."""
        self.clusters.expire()
        self.listeners.expire()

    def next_deadline(self) -> float | None:
        """When `expire` has something to do."""
        deadlines = (self.clusters.next_deadline(), self.listeners.next_deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def now(self) -> float:
        """Seconds since the epoch, for the times that the dump shows."""
        return self._wall_clock()
