"""THE LIST of generators: type URL → the resources of a node, as the xDS server wants them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from google.protobuf.message import Message

from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.translate.clusters import translate_clusters, translate_load_assignments
from tulle.controlplane.translate.listeners import translate_listeners
from tulle.controlplane.translate.virtual_hosts import (
    translate_gateway_routes,
    translate_http_proxy_routes,
    translate_port_routes,
)
from tulle.model import names
from tulle.protos import type_urls
from tulle.protos.messages import RouteConfiguration

_SERVICES = frozenset({"Service", "ServiceEntry", "Sidecar", "MeshConfig"})
_WORKLOADS = frozenset({"Pod", "WorkloadEntry", "EndpointSlice"})
# type URL → the kinds that its resources are made from: a change of others cannot change them
READS: dict[str, frozenset[str]] = {
    type_urls.CLUSTER: _SERVICES | _WORKLOADS | {"DestinationRule"},
    type_urls.ENDPOINT: _SERVICES | _WORKLOADS | {"DestinationRule"},
    type_urls.LISTENER: _SERVICES | _WORKLOADS | {"VirtualService", "Gateway"},
    type_urls.ROUTE: _SERVICES | {"VirtualService", "Gateway"},
}


@dataclass(frozen=True, slots=True)
class NamedResource:
    """A resource as it goes on the wire; its version is a hash of its content."""

    name: str
    value: bytes
    version: str


def _named(name: str, message: Message) -> NamedResource:
    value = message.SerializeToString(deterministic=True)
    return NamedResource(name, value, blake2b(value, digest_size=8).hexdigest())


def generate(
    type_url: str, node: Node, context: PushContext, wanted: Collection[str] | None
) -> tuple[NamedResource, ...]:
    """The resources of one type for a node; `wanted` are the names it asks for, None asks for all."""
    if type_url == type_urls.CLUSTER:
        found = [_named(item.name, item) for item in translate_clusters(node, context)]
    elif type_url == type_urls.ENDPOINT:
        found = [_named(item.cluster_name, item) for item in translate_load_assignments(node, context, wanted)]
    elif type_url == type_urls.LISTENER:
        found = [_named(item.name, item) for item in translate_listeners(node, context)]
    elif type_url == type_urls.ROUTE:
        found = [_named(item.name, item) for item in _routes(node, context, wanted or ())]
    else:
        found = []
    if wanted is None:
        return tuple(found)
    return tuple(item for item in found if item.name in wanted)


def _routes(node: Node, context: PushContext, wanted: Collection[str]) -> Iterator[RouteConfiguration]:
    for name in sorted(wanted):
        if name == names.HTTP_PROXY_ROUTES:
            yield translate_http_proxy_routes(node, context)
        elif name.startswith("http.") and name.removeprefix("http.").isdigit():
            yield translate_gateway_routes(node, context, int(name.removeprefix("http.")))
        elif name.isdigit():
            yield translate_port_routes(node, context, int(name))
