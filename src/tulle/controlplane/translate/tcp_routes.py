"""Where connections go: the `tcp` rules of VirtualServices (Istio: pilot/pkg/networking/core/tls.go)."""

from tulle.api.networking.virtual_service import L4MatchAttributes, TCPRoute, VirtualService
from tulle.api.resource import Resource
from tulle.controlplane.translate.routes import RouteScope, destination_cluster
from tulle.model.labels import selects
from tulle.protos.messages import Filter, TcpProxy

TCP_FILTER = "envoy.filters.network.tcp_proxy"


def tcp_filter(cluster: str) -> Filter:
    """The filter that leads all connections to one cluster."""
    return _filter(TcpProxy(stat_prefix=cluster, cluster=cluster))


def rule_filter(scope: RouteScope, hostname: str | None) -> Filter | None:
    """The filter for the first rule that fits: of the mesh for a host, or of a gateway for any; None without one."""
    context, node = scope.context, scope.node
    if hostname is None:
        resources = context.virtual_services_for(node, scope.gateway)
    else:
        resources = tuple(rule for _, rule in context.mesh_rules_for(node, hostname))
    for resource in resources:
        for rule in resource.spec.tcp:
            if rule.route and _fits(scope, resource, rule):
                return _weighted(scope, resource, rule)
    return None


def _fits(scope: RouteScope, resource: Resource[VirtualService], rule: TCPRoute) -> bool:
    return not rule.match or any(_matches(scope, resource, match) for match in rule.match)


def _matches(scope: RouteScope, resource: Resource[VirtualService], match: L4MatchAttributes) -> bool:
    if match.port not in (0, scope.port) or match.source_namespace not in ("", scope.node.namespace):
        return False
    if match.gateways:
        namespace = resource.metadata.namespace
        bound = {name if name == "mesh" or "/" in name else f"{namespace}/{name}" for name in match.gateways}
        if scope.gateway not in bound:
            return False
    return selects(match.source_labels, scope.node.labels)


def _weighted(scope: RouteScope, resource: Resource[VirtualService], rule: TCPRoute) -> Filter:
    namespace = resource.metadata.namespace
    found = [(destination_cluster(scope, namespace, item.destination), item.weight) for item in rule.route]
    weighted = [(cluster, weight) for cluster, weight in found if weight] or [(found[0][0], 1)]
    if len(weighted) == 1:
        return tcp_filter(weighted[0][0])
    proxy = TcpProxy(stat_prefix=f"{resource.metadata.name}.{namespace}")
    for cluster, weight in weighted:
        proxy.weighted_clusters.clusters.add(name=cluster, weight=weight)
    return _filter(proxy)


def _filter(proxy: TcpProxy) -> Filter:
    found = Filter(name=TCP_FILTER)
    found.typed_config.Pack(proxy, deterministic=True)
    return found
