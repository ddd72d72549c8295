"""What /config_dump shows: the inventory as Envoy's admin messages."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import Message

from tulle.protos import type_urls
from tulle.protos.messages import (
    Any as AnyMessage,
)
from tulle.protos.messages import (
    BootstrapConfigDump,
    Cluster,
    ClustersConfigDump,
    ConfigDump,
    EndpointsConfigDump,
    Listener,
    ListenersConfigDump,
    RoutesConfigDump,
    ScopedRoutesConfigDump,
    SecretsConfigDump,
    Timestamp,
    UpdateFailureState,
)
from tulle.protos.pool import type_url_of
from tulle.proxy.upstream.endpoints_name import comes_by_dns
from tulle.proxy.xds.inventory import Inventory, Rejected
from tulle.proxy.xds.references import connection_managers_of
from tulle.proxy.xds.warming import Resource, Supply


def dump_config(inventory: Inventory, bootstrap: bytes, started: float, include_endpoints: bool) -> ConfigDump:
    """All configuration; `bootstrap` is serialized, `started` in seconds since the epoch."""
    dump = ConfigDump()
    parts: list[Message] = [_bootstrap(bootstrap, started), _clusters(inventory)]
    if include_endpoints:
        parts.append(_endpoints(inventory))
    parts += [_listeners(inventory), ScopedRoutesConfigDump(), _routes(inventory), SecretsConfigDump()]
    for part in parts:
        dump.configs.add(type_url=type_url_of(part), value=part.SerializeToString())
    return dump


def _holder(type_url: str, data: bytes) -> AnyMessage:
    return AnyMessage(type_url=type_url, value=data)


def _time(seconds: float) -> Timestamp:
    return Timestamp(seconds=int(seconds), nanos=int(seconds % 1 * 1000) * 1_000_000)


def _bootstrap(data: bytes, started: float) -> BootstrapConfigDump:
    part = BootstrapConfigDump(last_updated=_time(started))
    part.bootstrap.ParseFromString(data)
    return part


def _failure(rejected: Rejected, type_url: str) -> UpdateFailureState:
    return UpdateFailureState(
        failed_configuration=_holder(type_url, rejected.data),
        last_update_attempt=_time(rejected.when),
        details=rejected.details,
        version_info=rejected.version,
    )


def _clusters(inventory: Inventory) -> ClustersConfigDump:
    discovery = inventory.discovery[type_urls.CLUSTER]
    part = ClustersConfigDump(version_info=discovery.version)
    for cluster in inventory.clusters.active.values():
        holder = _holder(type_urls.CLUSTER, cluster.data)
        if cluster.static:
            part.static_clusters.add(cluster=holder, last_updated=_time(cluster.updated))
        else:
            _fill_cluster(part.dynamic_active_clusters.add(), cluster)
    for cluster in inventory.clusters.warming.values():
        _fill_cluster(part.dynamic_warming_clusters.add(), cluster)
    for name, rejected in discovery.rejected.items():
        entry = next((entry for entry in part.dynamic_active_clusters if _named(entry.cluster, name)), None)
        if entry is None:
            entry = part.dynamic_warming_clusters.add(cluster=_holder(type_urls.CLUSTER, rejected.data))
        entry.error_state.CopyFrom(_failure(rejected, type_urls.CLUSTER))
    return part


def _named(holder: AnyMessage, name: str) -> bool:
    return Cluster.FromString(holder.value).name == name


def _fill_cluster(entry: Any, cluster: Resource) -> None:
    entry.version_info = cluster.version
    entry.cluster.CopyFrom(_holder(type_urls.CLUSTER, cluster.data))
    entry.last_updated.CopyFrom(_time(cluster.updated))


def _endpoints(inventory: Inventory) -> EndpointsConfigDump:
    part = EndpointsConfigDump()
    for resource in inventory.clusters.active.values():
        cluster = Cluster.FromString(resource.data)
        if not cluster.HasField("load_assignment"):
            continue
        data = cluster.load_assignment.SerializeToString()
        holder = _holder(type_urls.ENDPOINT, data)
        if resource.static:
            part.static_endpoint_configs.add(endpoint_config=holder, last_updated=_time(resource.updated))
        else:
            part.dynamic_endpoint_configs.add(endpoint_config=holder, last_updated=_time(resource.updated))
    for name, supply in inventory.clusters.supplies.items():
        if comes_by_dns(name):
            continue  # the cluster itself shows what is resolved
        part.dynamic_endpoint_configs.add(
            version_info=supply.version,
            endpoint_config=_holder(type_urls.ENDPOINT, supply.data),
            last_updated=_time(supply.updated),
        )
    return part


def _listeners(inventory: Inventory) -> ListenersConfigDump:
    discovery = inventory.discovery[type_urls.LISTENER]
    part = ListenersConfigDump(version_info=discovery.version)
    dynamic: dict[str, Any] = {}
    for listener in inventory.listeners.active.values():
        if listener.static:
            part.static_listeners.add(
                listener=_holder(type_urls.LISTENER, listener.data), last_updated=_time(listener.updated)
            )
        else:
            dynamic[listener.name] = part.dynamic_listeners.add(name=listener.name)
            _fill_listener(dynamic[listener.name].active_state, listener)
    for listener in inventory.listeners.warming.values():
        if listener.name not in dynamic:
            dynamic[listener.name] = part.dynamic_listeners.add(name=listener.name)
        _fill_listener(dynamic[listener.name].warming_state, listener)
    for name, rejected in discovery.rejected.items():
        entry = dynamic.get(name)
        if entry is None:
            entry = part.dynamic_listeners.add(name=name)
        entry.error_state.CopyFrom(_failure(rejected, type_urls.LISTENER))
    return part


def _fill_listener(state: Any, listener: Resource) -> None:
    state.version_info = listener.version
    state.listener.CopyFrom(_holder(type_urls.LISTENER, listener.data))
    state.last_updated.CopyFrom(_time(listener.updated))


def _routes(inventory: Inventory) -> RoutesConfigDump:
    part = RoutesConfigDump()
    for data, updated in _inline_routes(inventory.listeners.active.values()):
        part.static_route_configs.add(route_config=_holder(type_urls.ROUTE, data), last_updated=_time(updated))
    for supply in inventory.listeners.supplies.values():
        _add_route(part, supply)
    return part


def _add_route(part: RoutesConfigDump, supply: Supply) -> None:
    part.dynamic_route_configs.add(
        version_info=supply.version,
        route_config=_holder(type_urls.ROUTE, supply.data),
        last_updated=_time(supply.updated),
    )


def _inline_routes(listeners: Iterable[Resource]) -> Iterator[tuple[bytes, float]]:
    """Route configurations that stand in listeners; Envoy calls them static whoever sent the listener."""
    for resource in listeners:
        for manager in connection_managers_of(Listener.FromString(resource.data)):
            if manager.WhichOneof("route_specifier") == "route_config":
                yield manager.route_config.SerializeToString(), resource.updated
