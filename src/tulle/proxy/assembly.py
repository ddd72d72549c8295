"""Composition root of the data path: everything that one worker serves, and what main checks before it publishes."""

import asyncio
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos import type_urls
from tulle.protos.messages import Cluster, ClusterLoadAssignment, Listener, RouteConfiguration
from tulle.protos.supported import find_unsupported
from tulle.protos.validate import validate
from tulle.proxy.extensions import (
    CONNECTION_FILTERS,
    LISTENER_FILTERS,
    SUPPORTED,
    filter_configs,
    http_filters,
    network_filters,
)
from tulle.proxy.http.build import HttpServices
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.runtime import Clusters, HttpRuntime
from tulle.proxy.http.upstream_pools import UpstreamPools
from tulle.proxy.listener.filter_chains import Extensions
from tulle.proxy.listener.listener_plan import check_listener
from tulle.proxy.listener.listeners import ListenerSet
from tulle.proxy.network.tcp_proxy import TcpServices
from tulle.proxy.network.transport_socket import transport_sockets
from tulle.proxy.router.build_table import build_route_table
from tulle.proxy.router.route_table import RouteTable
from tulle.proxy.slots import Slot
from tulle.proxy.telemetry.log_files import LogFiles
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster_checks import check_cluster
from tulle.proxy.upstream.clusters import ClusterSet
from tulle.proxy.upstream.connector import Connector
from tulle.proxy.upstream.load_assignment import check_assignment
from tulle.proxy.xds.references import placed_connection_managers_of


class RouteSlots:
    """The route configurations that come apart from listeners, by name; connection managers hold the slots."""

    def __init__(self) -> None:
        self._slots: dict[str, Slot[RouteTable | None]] = {}

    def slot(self, name: str) -> Slot[RouteTable | None]:
        """The slot of this name; empty until its route configuration is put."""
        return self._slots.setdefault(name, Slot(None))

    def put(self, name: str, data: bytes | None) -> None:
        """Takes a route configuration over, or forgets it."""
        if data is None:
            self._slots.pop(name, None)
        else:
            self.slot(name).value = build_route_table(RouteConfiguration.FromString(data), filter_configs)


class Assembly:
    """One worker's data path; it is told of resources in an order in which nothing is missing."""

    def __init__(self, settings: Mapping[str, Any], index: int, group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        self.stats = StatsStore()
        self.log_files = LogFiles(loop.call_later)
        self._clusters = ClusterSet(self.stats)
        self._routes = RouteSlots()
        connector = Connector(group)
        self._runtime = HttpRuntime(loop, self._clusters)
        pools = UpstreamPools(self._runtime, connector)
        self._clusters.on_removed.append(pools.drain)
        node_cluster, node_id = str(settings["node_cluster"]).encode(), str(settings["node_id"]).encode()
        filters = FilterServices(self._runtime, self.stats, node_cluster, int(settings["concurrency"]))
        http = HttpServices(
            self._runtime,
            pools,
            self.stats,
            self.log_files,
            self._routes.slot,
            http_filters(filters),
            filter_configs,
            (node_cluster, node_id),
        )
        tcp = TcpServices(self._clusters, connector, self.stats, self.log_files, loop, self._random)
        extensions = Extensions(
            network_filters(http, tcp), LISTENER_FILTERS, transport_sockets(self.stats, loop), CONNECTION_FILTERS
        )
        self._listeners = ListenerSet(loop, self.stats, index, extensions, float(settings["drain_time_s"]))

    def _random(self) -> int:
        return self._runtime.random_bits(64)

    def put(self, type_url: str, name: str, data: bytes | None, descriptors: Sequence[int]) -> None:
        """Takes a resource over; None: it is gone. The descriptors belong to the listener."""
        match type_url:
            case type_urls.CLUSTER:
                if data is None:
                    self._clusters.remove(name)
                else:
                    self._clusters.put(name, data)
            case type_urls.ENDPOINT:
                if data is not None:
                    self._clusters.put_endpoints(name, data)
            case type_urls.ROUTE:
                self._routes.put(name, data)
            case type_urls.LISTENER:
                if data is None:
                    self._listeners.remove(name)
                else:
                    self._listeners.put(name, data, descriptors)
                    return
        for descriptor in descriptors:
            os.close(descriptor)

    def describe_clusters(self) -> list[dict[str, Any]]:
        """All clusters with their hosts, for the admin pages of the main process."""
        return self._clusters.describe()

    def drain(self, bound_s: float, done: Callable[[], None]) -> None:
        """Accepts no more, lets requests finish, calls `done` when all have or the time is over."""
        self._runtime.draining = True
        self._listeners.drain(bound_s, done)

    def drain_listeners(self, names: Collection[str], keep_open: bool) -> None:
        """Asks the clients of these listeners to go elsewhere."""
        self._listeners.drain_listeners(names, keep_open)

    def fail_health_check(self, failed: bool) -> None:
        """While it lasts, responses ask clients to go elsewhere."""
        self._runtime.health_failed = failed

    def close(self) -> None:
        """Closes everything, and writes what the logs still hold."""
        self._listeners.close()
        self.log_files.close()


class _NoClusters:
    """Checks build handlers that never run."""

    def get(self, name: str, /) -> None:
        return None


class _StillLoop:
    """A clock for handlers that never run."""

    def time(self) -> float:
        return 0.0

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any) -> Any:
        raise AssertionError("a handler that is only checked waits for nothing")

    call_later = call_at

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> Any:
        raise AssertionError("a handler that is only checked does nothing")


class Checker:
    """Builds resources as a worker would and throws them away, so that only what can be built is published."""

    def __init__(self, workers: int = 1) -> None:
        clusters: Clusters = _NoClusters()
        loop = _StillLoop()
        stats = StatsStore()
        runtime = HttpRuntime(loop, clusters, seed=0)
        connector: Any = None
        self._files = LogFiles(loop.call_later)
        http = HttpServices(
            runtime,
            UpstreamPools(runtime, connector),
            stats,
            self._files,
            RouteSlots().slot,
            http_filters(FilterServices(runtime, stats, workers=workers)),
            filter_configs,
        )
        tcp = TcpServices(clusters, connector, stats, self._files, loop, lambda: 0)
        self._extensions = Extensions(
            network_filters(http, tcp), LISTENER_FILTERS, transport_sockets(stats, loop), CONNECTION_FILTERS
        )

    def problems_of(self, type_url: str, message: Message) -> list[FieldProblem]:
        """What keeps a worker from building the message."""
        match type_url:
            case type_urls.CLUSTER:
                assert isinstance(message, Cluster)
                return list(check_cluster(message))
            case type_urls.ENDPOINT:
                assert isinstance(message, ClusterLoadAssignment)
                return list(check_assignment(message))
            case type_urls.ROUTE:
                assert isinstance(message, RouteConfiguration)
                return _problems(lambda: build_route_table(message, filter_configs))
            case type_urls.LISTENER:
                assert isinstance(message, Listener)
                try:
                    return check_listener(message, self._extensions)
                finally:
                    self._files.close()
        return [FieldProblem("", f"{type_url} is not supported")]


def _problems(build: Callable[[], object]) -> list[FieldProblem]:
    try:
        build()
    except InvalidInput as error:
        return list(error.problems)
    return []


def find_unknown_clusters(listener: Listener, known: Collection[str]) -> list[FieldProblem]:
    """Routes that stand in a listener and name clusters that are not there (Envoy: validate_clusters).

    Route configurations that come apart are not checked: their clusters may come later.
    """
    problems: list[FieldProblem] = []
    for path, manager in placed_connection_managers_of(listener):
        if manager.WhichOneof("route_specifier") != "route_config":
            continue
        table = build_route_table(manager.route_config, filter_configs)
        if table.validates_clusters is False:
            continue
        for name, place in table.cluster_places.items():
            if name not in known:
                where = f"{path}.typed_config.route_config.{place}"
                problems.append(FieldProblem(where, f"unknown cluster '{name}'"))
    return problems


def check_resource(type_url: str, message: Message, rules: bool = True, workers: int = 1) -> list[FieldProblem]:
    """Everything that is wrong with a resource for so many workers; without `rules` the API's own are known to hold."""
    problems = [*validate(message), *find_unsupported(message, SUPPORTED)] if rules else []
    return problems or Checker(workers).problems_of(type_url, message)
