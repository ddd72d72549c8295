"""All resources of a proxy as the control plane would send them now, in the form of Envoy's /config_dump."""

from collections.abc import Iterator, Sequence

from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.translate.generate import NamedResource, generate
from tulle.protos import type_urls
from tulle.protos.messages import Any, HttpConnectionManager, Listener
from tulle.protos.reading import to_dict

_ADMIN = "type.googleapis.com/envoy.admin.v3."


def render_config_dump(node: Node, context: PushContext) -> dict[str, object]:
    """Clusters, endpoints, listeners, and the routes that these listeners ask for."""
    listeners = generate(type_urls.LISTENER, node, context, None)
    routes = generate(type_urls.ROUTE, node, context, sorted(set(_route_names(listeners))))
    clusters = [_entry("cluster", item, type_urls.CLUSTER) for item in generate(type_urls.CLUSTER, node, context, None)]
    endpoints = [
        _entry("endpoint_config", item, type_urls.ENDPOINT)
        for item in generate(type_urls.ENDPOINT, node, context, None)
    ]
    states = [{"name": item.name, "active_state": _entry("listener", item, type_urls.LISTENER)} for item in listeners]
    return {
        "configs": [
            _section("ClustersConfigDump", "dynamic_active_clusters", clusters),
            _section("EndpointsConfigDump", "dynamic_endpoint_configs", endpoints),
            _section("ListenersConfigDump", "dynamic_listeners", states),
            _section(
                "RoutesConfigDump",
                "dynamic_route_configs",
                [_entry("route_config", item, type_urls.ROUTE) for item in routes],
            ),
        ]
    }


def _section(kind: str, key: str, entries: Sequence[object]) -> dict[str, object]:
    return {"@type": f"{_ADMIN}{kind}", key: entries}


def _entry(key: str, item: NamedResource, type_url: str) -> dict[str, object]:
    return {"version_info": item.version, key: to_dict(Any(type_url=type_url, value=item.value))}


def _route_names(listeners: Sequence[NamedResource]) -> Iterator[str]:
    """The names by which the listeners ask for routes."""
    for item in listeners:
        for chain in Listener.FromString(item.value).filter_chains:
            for found in chain.filters:
                manager = HttpConnectionManager()
                if found.typed_config.Unpack(manager) and manager.HasField("rds"):
                    yield manager.rds.route_config_name
