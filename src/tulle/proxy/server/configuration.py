"""What the proxy is configured with: static resources, what an xDS server sends, and when all of it is there."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from google.protobuf.message import Message

from tulle.foundation.errors import FieldProblem, TulleError
from tulle.protos import type_urls
from tulle.protos.messages import ApiConfigSource, Bootstrap, ConfigSource, Listener
from tulle.proxy.bootstrap import ads_cluster
from tulle.proxy.server.dns import Dns, Resolution
from tulle.proxy.server.publisher import Publisher
from tulle.proxy.server.sockets import ListeningSockets, Place, places_of
from tulle.proxy.server.stats_collector import ClusterManagerStats, ListenerManagerStats
from tulle.proxy.server.workers import Worker
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.endpoints_name import comes_by_dns
from tulle.proxy.xds.ads_client import AdsClient
from tulle.proxy.xds.delta import Delta
from tulle.proxy.xds.dialer import Dialer
from tulle.proxy.xds.discovery import Machine, Received
from tulle.proxy.xds.inventory import Inventory
from tulle.proxy.xds.receiver import Receiver
from tulle.proxy.xds.references import fetch_timeout_s
from tulle.proxy.xds.sotw import Sotw
from tulle.proxy.xds.warming import Supply
from tulle.proxy.xds.xds_stats import XdsStats


class Checks(NamedTuple):
    """What says whether the workers can serve a resource: by itself, and by the clusters that it leads to."""

    resource: Callable[[str, Message], Sequence[FieldProblem]]
    clusters: Callable[[Listener, Collection[str]], Sequence[FieldProblem]]


_log = logging.getLogger("tulle.proxy.configuration")


class CannotBind(TulleError):
    """A static listener whose address is taken."""


class Configuration:
    """What the proxy is configured with, from the first static cluster to the last update."""

    def __init__(self, publisher: Publisher, sockets: ListeningSockets, checks: Checks, store: StatsStore) -> None:
        self._publisher = publisher
        self._sockets = sockets
        self._checks = checks
        self._store = store
        self._cluster_stats = ClusterManagerStats(store, "cluster_manager.")
        self._listener_stats = ListenerManagerStats(store, "listener_manager.")
        self._published: set[tuple[str, str]] = set()
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._client: AdsClient | None = None
        self._xds_stats: XdsStats | None = None
        self.inventory = Inventory(self._publish)
        self.inventory.listeners.hold()
        self._dns = Dns(Resolution(self, store))

    def load_static(self, proto: Bootstrap) -> None:
        """Takes the static resources; their listeners are bound now and open later. CannotBind when one cannot be."""
        for cluster in proto.static_resources.clusters:
            self.inventory.put_cluster(cluster, static=True)
        for listener in proto.static_resources.listeners:
            listener.name = listener.name or os.urandom(16).hex()
            error = self._admit(listener)
            if error:
                raise CannotBind(
                    f"listener {listener.name}: {error}", "`ss -ltnp` shows which process listens on an address"
                )
            self.inventory.put_listener(listener, static=True)
        self._after_change()

    def use_ads(self, proto: Bootstrap) -> None:
        """Makes the client of the aggregated stream, when the bootstrap has one."""
        cluster = ads_cluster(proto)
        if cluster is None:
            return
        source = proto.dynamic_resources.ads_config
        delta = source.api_type == ApiConfigSource.DELTA_GRPC
        machine_type: type[Delta] | type[Sotw] = Delta if delta else Sotw
        machine: Machine = machine_type(proto.node, source.set_node_on_first_message_only)
        self._xds_stats = XdsStats(self._store, cluster.name)
        receiver = Receiver(self.inventory, self._checked, self._admit)

        def apply(received: Received) -> str:
            error = receiver.apply(received)
            self._after_change()
            return error

        self._client = AdsClient(machine, Dialer(cluster, source.grpc_services[0]), apply, self._xds_stats)

    async def follow(self) -> None:
        """Follows the xDS server, if there is one, and DNS for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dns.follow(), name="dns")
            if self._client is not None:
                group.create_task(self._client.follow(), name="ads")

    async def initialize(self, proto: Bootstrap) -> None:
        """Returns when the listeners may open: clusters first, then listeners, each waited for or given up."""
        dynamic = proto.dynamic_resources
        await self._initialize_type(type_urls.CLUSTER, dynamic.cds_config if dynamic.HasField("cds_config") else None)
        await self._until(lambda: not self.inventory.clusters.warming)
        await self._initialize_type(type_urls.LISTENER, dynamic.lds_config if dynamic.HasField("lds_config") else None)
        await self._until(lambda: not self.inventory.listeners.warming)
        self.inventory.listeners.release()
        self._listener_stats.workers_started.value = 1

    async def _initialize_type(self, type_url: str, source: ConfigSource | None) -> None:
        if source is None or self._client is None:
            return
        self._client.subscribe(type_url, None)
        try:
            async with asyncio.timeout(fetch_timeout_s(source) or None):
                await self._until(lambda: self.inventory.discovery[type_url].initialized)
        except TimeoutError:
            if self._xds_stats is not None:
                self._xds_stats.of(type_url).init_fetch_timeout.value += 1
            _log.warning("the xDS server did not answer in time; the proxy starts without its %s", type_url)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def supply(self, name: str, data: bytes) -> None:
        """What DNS says of a cluster's hosts."""
        warming = len(self.inventory.clusters.warming)
        self.inventory.clusters.supply(name, Supply(data, "", self.inventory.now()))
        self._note_warmed(warming)

    def give_up(self, name: str) -> None:
        """DNS has nothing to say of a cluster's hosts for now."""
        warming = len(self.inventory.clusters.warming)
        self.inventory.clusters.give_up(name)
        self._note_warmed(warming)

    def _note_warmed(self, warming_before: int) -> None:
        if len(self.inventory.clusters.warming) != warming_before:
            self._after_change()

    def introduce(self, worker: Worker) -> None:
        """Tells a worker all that is in force."""
        for type_url, name, data in self.inventory.snapshot():
            self._publisher.tell(worker, type_url, name, data)

    def count(self) -> None:
        """Brings the gauges up to date."""
        clusters, listeners = self.inventory.clusters, self.inventory.listeners
        self._cluster_stats.active_clusters.value = len(clusters.active)
        self._cluster_stats.warming_clusters.value = len(clusters.warming)
        self._listener_stats.total_listeners_active.value = len(listeners.active)
        self._listener_stats.total_listeners_warming.value = len(listeners.warming)

    def _checked(self, type_url: str, message: Message) -> Sequence[FieldProblem]:
        problems = self._checks.resource(type_url, message)
        if not problems and isinstance(message, Listener):
            clusters = self.inventory.clusters
            problems = self._checks.clusters(message, clusters.active.keys() | clusters.warming.keys())
        if problems and type_url == type_urls.LISTENER:
            self._listener_stats.listener_create_failure.value += 1
        return problems

    def _admit(self, listener: Listener) -> str:
        """Binds the listener's addresses; why not, when that is not possible."""
        places = set(places_of(listener))
        for other in self._listeners():
            taken = places & set(places_of(other)) if other.name != listener.name else ()
            if taken:
                addresses = ", ".join(str(place) for place in taken)
                return f"has the address {addresses} of the listener {other.name}"
        try:
            self._sockets.bind(listener)
        except OSError as error:
            self._listener_stats.listener_create_failure.value += 1
            return str(error.strerror)
        self._listener_stats.listener_create_success.value += 1
        return ""

    def _listeners(self) -> list[Listener]:
        known = self.inventory.listeners
        return [Listener.FromString(found.data) for found in (*known.active.values(), *known.warming.values())]

    def _publish(self, type_url: str, name: str, data: bytes | None) -> None:
        self._count_change(type_url, name, data)
        self._publisher.publish(type_url, name, data)

    def _count_change(self, type_url: str, name: str, data: bytes | None) -> None:
        key = (type_url, name)
        known = key in self._published
        if data is None:
            self._published.discard(key)
        else:
            self._published.add(key)
        if type_url == type_urls.CLUSTER:
            clusters = self._cluster_stats
            counter = (
                clusters.cluster_removed
                if data is None
                else (clusters.cluster_modified if known else clusters.cluster_added)
            )
            counter.value += 1
        elif type_url == type_urls.LISTENER:
            listeners = self._listener_stats
            counter = (
                listeners.listener_removed
                if data is None
                else (listeners.listener_modified if known else listeners.listener_added)
            )
            counter.value += 1

    def _after_change(self) -> None:
        """What follows from a change: subscriptions, sockets that nobody needs, the next deadline."""
        if self._client is not None:
            wanted = self.inventory.clusters.wanted()
            self._client.subscribe(type_urls.ENDPOINT, frozenset(name for name in wanted if not comes_by_dns(name)))
            self._client.subscribe(type_urls.ROUTE, self.inventory.listeners.wanted())
        self._dns.keep(self.inventory.resolved_clusters())
        places: set[Place] = set()
        for listener in self._listeners():
            places.update(places_of(listener))
        self._sockets.keep_only(places)
        self._arm_timer()
        self._changed.set()

    def _arm_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.inventory.next_deadline()
        if deadline is not None:
            wait_s = max(0.0, deadline - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._expire)

    def _expire(self) -> None:
        self._timer = None
        self.inventory.expire()
        self._after_change()
