"""The push context: one frozen view of the mesh, with the answers that translators need."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tulle.api.mesh.mesh_config import MeshConfig
from tulle.api.networking.destination_rule import DestinationRule
from tulle.api.networking.gateway import Gateway
from tulle.api.networking.sidecar import IstioEgressListener, Sidecar
from tulle.api.networking.virtual_service import VirtualService
from tulle.api.resource import Resource
from tulle.controlplane.config.store import ConfigState
from tulle.controlplane.push.indexes.host_index import HostIndex
from tulle.controlplane.push.node import Node
from tulle.controlplane.registry.resource_registry import DOMAIN, ServiceState, build_service_state
from tulle.model.endpoint import Endpoint
from tulle.model.hosts import overlaps, resolve_short_name, specificity
from tulle.model.labels import selects
from tulle.model.names import MESH_GATEWAY
from tulle.model.port import Port
from tulle.model.service import Service


@dataclass(frozen=True, slots=True)
class PushContext:
    """All that one version of the configuration means; made by `build_context`, never changed."""

    version: str
    mesh: MeshConfig
    config: ConfigState
    registry: ServiceState
    domain: str = DOMAIN
    _services: Mapping[str, Service] = field(default_factory=dict)
    _endpoints: Mapping[tuple[str, int], tuple[Endpoint, ...]] = field(default_factory=dict)
    _policies: HostIndex[Resource[DestinationRule]] = field(default_factory=lambda: HostIndex(()))
    _routings: tuple[Resource[VirtualService], ...] = ()
    _mesh_routings: HostIndex[Resource[VirtualService]] = field(default_factory=lambda: HostIndex(()))

    def service(self, hostname: str) -> Service | None:
        """The service with this host name."""
        return self._services.get(hostname)

    def endpoints_of(self, hostname: str, port: int) -> tuple[Endpoint, ...]:
        """All endpoints of one port of a service."""
        return self._endpoints.get((hostname, port), ())

    def sidecar_for(self, node: Node) -> Resource[Sidecar] | None:
        """By workload in its namespace, then for the namespace, then for the root namespace (Istio's order)."""
        found: list[tuple[int, Resource[Sidecar]]] = []
        for resource in self.config.of_kind("Sidecar"):
            namespace, selector = resource.metadata.namespace, resource.spec.workload_selector
            if selector is not None and selector.labels:
                if namespace == node.namespace and selects(selector.labels, node.labels):
                    found.append((0, resource))
            elif namespace == node.namespace:
                found.append((1, resource))
            elif namespace == self.mesh.root_namespace:
                found.append((2, resource))
        return min(found, key=lambda item: item[0])[1] if found else None

    def services_for(self, node: Node, egress: IstioEgressListener | None = None) -> tuple[Service, ...]:
        """The services that are exported to the node and that its Sidecar, or one listener of it, lets it see."""
        visible = [service for service in self._services.values() if self._exported(service, node)]
        if egress is None:
            sidecar = self.sidecar_for(node) if node.kind == "sidecar" else None
            listeners = sidecar.spec.egress if sidecar else ()
            if not listeners:
                return tuple(visible)
        else:
            listeners = (egress,)
        return tuple(service for service in visible if any(_imports(item, service, node) for item in listeners))

    def _exported(self, service: Service, node: Node) -> bool:
        export_to = service.export_to or frozenset(self.mesh.default_service_export_to)
        return _visible(export_to, service.namespace, node.namespace)

    def virtual_services_for(self, node: Node, gateway: str = MESH_GATEWAY) -> tuple[Resource[VirtualService], ...]:
        """Those bound to `gateway` (`mesh` or `namespace/name`) and exported to the node, with full host names."""
        return tuple(
            resource
            for resource in self._routings
            if gateway in _gateways_of(resource) and self._routes_for(resource, node)
        )

    def mesh_rules_for(self, node: Node, hostname: str) -> list[tuple[str, Resource[VirtualService]]]:
        """(host, rule) of the rules of the mesh that cover a host and are exported to the node, exact hosts first."""
        return [entry for entry in self._mesh_routings.covering(hostname) if self._routes_for(entry[1], node)]

    def _routes_for(self, resource: Resource[VirtualService], node: Node) -> bool:
        export_to = resource.spec.export_to or self.mesh.default_virtual_service_export_to
        return _visible(export_to, resource.metadata.namespace, node.namespace)

    def destination_rule_for(self, node: Node, hostname: str) -> Resource[DestinationRule] | None:
        """The client's namespace first, then the service's, then the root; in each the most specific host."""
        service = self._services.get(hostname)
        order = (node.namespace, service.namespace if service else "", self.mesh.root_namespace)
        covering = [resource for _, resource in self._policies.covering(hostname)]
        for namespace in order if covering else ():
            found = [
                resource
                for resource in covering
                if resource.metadata.namespace == namespace
                and _visible(
                    frozenset(resource.spec.export_to or self.mesh.default_destination_rule_export_to),
                    namespace,
                    node.namespace,
                )
            ]
            if found:
                best = max(found, key=lambda resource: specificity(resource.spec.host))
                return _merge_subsets(best, [item for item in found if item.spec.host == best.spec.host])
        return None

    def gateways_for(self, node: Node) -> tuple[Resource[Gateway], ...]:
        """The Gateways whose selector picks the node."""
        return tuple(item for item in self.config.of_kind("Gateway") if selects(item.spec.selector, node.labels))

    def inbound_of(self, node: Node) -> tuple[tuple[Service, Port, Endpoint], ...]:
        """The ports of services that the workload behind the node serves, found by its addresses."""
        found = []
        for endpoint in self.registry.endpoints:
            if endpoint.address in node.ip_addresses and endpoint.workload_namespace in (node.namespace, ""):
                service = self._services.get(endpoint.hostname)
                port = service.port(endpoint.service_port) if service else None
                if service is not None and port is not None:
                    found.append((service, port, endpoint))
        return tuple(found)


def _visible(export_to: Iterable[str], owner: str, asker: str) -> bool:
    return any(item == "*" or item == asker or (item == "." and owner == asker) for item in export_to)


def _gateways_of(resource: Resource[VirtualService]) -> set[str]:
    namespace = resource.metadata.namespace
    names = resource.spec.gateways or (MESH_GATEWAY,)
    return {name if name == MESH_GATEWAY or "/" in name else f"{namespace}/{name}" for name in names}


def _imports(listener: IstioEgressListener, service: Service, node: Node) -> bool:
    for entry in listener.hosts:
        namespace, _, host = entry.partition("/")
        wanted = node.namespace if namespace == "." else namespace
        if wanted in ("*", service.namespace) and overlaps(host, service.hostname):
            return True
    return False


def _merge_subsets(best: Resource[Any], same_host: list[Resource[Any]]) -> Resource[DestinationRule]:
    """Istio merges the subsets of several rules for one host; the policy of the first stays."""
    known = {subset.name for subset in best.spec.subsets}
    extra = [
        subset for item in same_host if item is not best for subset in item.spec.subsets if subset.name not in known
    ]
    if not extra:
        return best
    spec = msgspec.structs.replace(best.spec, subsets=(*best.spec.subsets, *extra))
    return Resource(best.kind, best.api_version, best.metadata, spec, best.document)


def build_context(config: ConfigState) -> PushContext:
    """The context of one state of the configuration."""
    registry = build_service_state(config)
    meshes = config.of_kind("MeshConfig")
    endpoints: dict[tuple[str, int], list[Endpoint]] = {}
    for endpoint in registry.endpoints:
        endpoints.setdefault((endpoint.hostname, endpoint.service_port), []).append(endpoint)
    policies = [_full_host(resource) for resource in config.of_kind("DestinationRule")]
    routings = tuple(_full_hosts(resource) for resource in config.of_kind("VirtualService"))
    in_mesh = [resource for resource in routings if MESH_GATEWAY in _gateways_of(resource)]
    return PushContext(
        version=str(config.version),
        mesh=meshes[0].spec if meshes else MeshConfig(),
        config=config,
        registry=registry,
        _services={service.hostname: service for service in registry.services},
        _endpoints={key: tuple(items) for key, items in endpoints.items()},
        _policies=HostIndex((resource.spec.host, resource) for resource in policies),
        _routings=routings,
        _mesh_routings=HostIndex((host, resource) for resource in in_mesh for host in resource.spec.hosts),
    )


def _full_hosts(resource: Resource[VirtualService]) -> Resource[VirtualService]:
    namespace = resource.metadata.namespace
    hosts = tuple(resolve_short_name(host, namespace, DOMAIN) for host in resource.spec.hosts)
    spec = msgspec.structs.replace(resource.spec, hosts=hosts)
    return Resource(resource.kind, resource.api_version, resource.metadata, spec, resource.document)


def _full_host(resource: Resource[DestinationRule]) -> Resource[DestinationRule]:
    host = resolve_short_name(resource.spec.host, resource.metadata.namespace, DOMAIN)
    spec = msgspec.structs.replace(resource.spec, host=host)
    return Resource(resource.kind, resource.api_version, resource.metadata, spec, resource.document)
