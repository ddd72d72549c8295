"""Listeners of sidecars and gateways (Istio: pilot/pkg/networking/core/listener.go)."""

from collections.abc import Iterator

from tulle.api.networking.sidecar import IstioEgressListener
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.registry.protocols import protocol_of_word
from tulle.controlplane.translate.http_filters.order import http_filters
from tulle.controlplane.translate.routes import RouteScope
from tulle.controlplane.translate.tcp_routes import rule_filter, tcp_filter
from tulle.controlplane.translate.virtual_hosts import (
    gateway_servers,
    translate_inbound_routes,
    translate_port_routes,
)
from tulle.model import names
from tulle.model.port import Protocol
from tulle.model.service import Service
from tulle.protos.enums import ApiVersion, TrafficDirection
from tulle.protos.messages import (
    FileAccessLog,
    Filter,
    FilterChain,
    HttpConnectionManager,
    Listener,
    OriginalDst,
    Route,
    RouteConfiguration,
    Router,
)

WILDCARD = "0.0.0.0"
HCM_FILTER = "envoy.filters.network.http_connection_manager"
ROUTER_FILTER = "envoy.filters.http.router"


def _listener(name: str, address: str, port: int) -> Listener:
    listener = Listener(name=name)
    listener.address.socket_address.address = address
    listener.address.socket_address.port_value = port
    return listener


def _http_filter(
    context: PushContext, stat_prefix: str, routes: RouteConfiguration | str, at_edge: bool = False
) -> Filter:
    """The connection manager; `routes` stand in it, or are asked for by name.

    At the edge of the mesh what clients say of themselves (`x-forwarded-proto`, `x-forwarded-for`) is not believed.
    """
    manager = HttpConnectionManager(stat_prefix=stat_prefix)
    if at_edge:
        manager.use_remote_address.value = True
    if isinstance(routes, str):
        manager.rds.route_config_name = routes
        manager.rds.config_source.ads.SetInParent()
        manager.rds.config_source.resource_api_version = ApiVersion.V3
        manager.rds.config_source.initial_fetch_timeout.FromSeconds(0)
    else:
        manager.route_config.CopyFrom(routes)
    _normalize_paths(manager, context.mesh.path_normalization.normalization)
    manager.http_filters.extend(http_filters())
    router = manager.http_filters.add(name=ROUTER_FILTER)
    router.typed_config.Pack(Router(), deterministic=True)
    if context.mesh.access_log_file:
        log = manager.access_log.add(name="envoy.access_loggers.file")
        log.typed_config.Pack(FileAccessLog(path=context.mesh.access_log_file), deterministic=True)
    found = Filter(name=HCM_FILTER)
    found.typed_config.Pack(manager, deterministic=True)
    return found


def _normalize_paths(manager: HttpConnectionManager, how: str) -> None:
    """As Istio: each way does what the one before it does, and more; DEFAULT is BASE."""
    manager.normalize_path.value = how != "NONE"
    manager.merge_slashes = how in ("MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES")
    if how == "DECODE_AND_MERGE_SLASHES":
        manager.path_with_escaped_slashes_action = HttpConnectionManager.UNESCAPE_AND_FORWARD


def translate_listeners(node: Node, context: PushContext) -> Iterator[Listener]:
    """All listeners of a proxy."""
    if node.kind != "sidecar":
        yield from _gateway_listeners(node, context)
        return
    if node.explicit:
        yield from _explicit_inbound(node, context)
        yield from _explicit_outbound(node, context)
        return
    yield from _captured_outbound(node, context)
    yield _virtual_outbound(context)
    yield _virtual_inbound(node, context)


def _gateway_listeners(node: Node, context: PushContext) -> Iterator[Listener]:
    seen: set[int] = set()
    for _, server in gateway_servers(node, context):
        number = server.port.number
        if number in seen:
            continue
        protocol = protocol_of_word(server.port.protocol)
        listen_port = _gateway_port(node, context, number)
        listener = _listener(
            names.outbound_listener(server.bind or WILDCARD, number), server.bind or WILDCARD, listen_port
        )
        listener.traffic_direction = TrafficDirection.OUTBOUND
        if protocol.is_http:
            routes = names.gateway_routes(number)
            found = _http_filter(context, f"outbound_{WILDCARD}_{number}", routes, at_edge=True)
            chain = FilterChain(filters=[found])
        elif protocol is Protocol.TCP:
            filter_ = _gateway_tcp_filter(node, context, number)
            if filter_ is None:
                continue
            chain = FilterChain(filters=[filter_])
        else:
            continue
        seen.add(number)
        listener.filter_chains.append(chain)
        yield listener


def _gateway_port(node: Node, context: PushContext, number: int) -> int:
    """Where the gateway listens for a port: the target port of its own Service, by its endpoints."""
    for service, port, endpoint in context.inbound_of(node):
        if port.number == number and service.hostname:
            return endpoint.port
    return number


def _gateway_tcp_filter(node: Node, context: PushContext, number: int) -> Filter | None:
    for gateway in context.gateways_for(node):
        name = f"{gateway.metadata.namespace}/{gateway.metadata.name}"
        found = rule_filter(RouteScope(node, context, number, name), None)
        if found is not None:
            return found
    return None


def _service_tcp_filter(node: Node, context: PushContext, service: Service, number: int) -> Filter:
    """As the rules for the service say, else straight to it."""
    found = rule_filter(RouteScope(node, context, number), service.hostname)
    return found or tcp_filter(names.outbound_cluster(service.hostname, number))


def _explicit_inbound(node: Node, context: PushContext) -> Iterator[Listener]:
    sidecar = context.sidecar_for(node)
    for ingress in sidecar.spec.ingress if sidecar else ():
        number = ingress.port.number
        bind = ingress.bind or node.address
        listener = _listener(f"{bind}_{number}", bind, number)
        listener.traffic_direction = TrafficDirection.INBOUND
        listener.filter_chains.append(_inbound_chain(context, number, protocol_of_word(ingress.port.protocol)))
        yield listener


def _inbound_chain(context: PushContext, number: int, protocol: Protocol) -> FilterChain:
    cluster = names.inbound_cluster(number)
    if protocol.is_http:
        routes = translate_inbound_routes(number, "/")
        return FilterChain(name=cluster, filters=[_http_filter(context, f"inbound_{WILDCARD}_{number};", routes)])
    return FilterChain(name=cluster, filters=[tcp_filter(cluster)])


def _explicit_outbound(node: Node, context: PushContext) -> Iterator[Listener]:
    """The HTTP proxy port, and the listeners that the Sidecar asks for by port."""
    sidecar = context.sidecar_for(node)
    port = context.mesh.proxy_http_port or node.http_proxy_port
    listener = _listener(f"{node.address}_{port}", node.address, port)
    listener.traffic_direction = TrafficDirection.OUTBOUND
    chain = FilterChain(filters=[_http_filter(context, names.HTTP_PROXY_ROUTES, names.HTTP_PROXY_ROUTES)])
    listener.filter_chains.append(chain)
    yield listener
    for egress in sidecar.spec.egress if sidecar else ():
        if egress.port is not None:
            found = _egress_listener(node, context, egress, egress.port.number)
            if found is not None:
                yield found


def _egress_listener(node: Node, context: PushContext, egress: IstioEgressListener, number: int) -> Listener | None:
    """Goes to the one service that the listener's hosts name, at its only port or the one of the listener."""
    services = context.services_for(node, egress)
    if not services:
        return None
    service = services[0]
    port = service.port(number) or service.ports[0]
    bind = egress.bind or node.address
    listener = _listener(f"{bind}_{number}", bind, number)
    listener.traffic_direction = TrafficDirection.OUTBOUND
    if port.protocol.is_http:
        routes = RouteConfiguration(name=f"{bind}_{number}")
        routes.validate_clusters.value = False
        host = routes.virtual_hosts.add(name=f"{service.hostname}:{port.number}", domains=["*"])
        host.routes.extend(_egress_routes(node, context, service.hostname, port.number))
        listener.filter_chains.append(FilterChain(filters=[_http_filter(context, f"outbound_{bind}_{number}", routes)]))
    else:
        listener.filter_chains.append(FilterChain(filters=[_service_tcp_filter(node, context, service, port.number)]))
    return listener


def _egress_routes(node: Node, context: PushContext, hostname: str, port: int) -> list[Route]:
    for host in translate_port_routes(node, context, port).virtual_hosts:
        if host.name == f"{hostname}:{port}":
            return list(host.routes)
    return []


def _captured_outbound(node: Node, context: PushContext) -> Iterator[Listener]:
    """One listener for each HTTP port, and one for each virtual IP and TCP port; reached by the original address."""
    seen: set[str] = set()
    for service in context.services_for(node):
        for port in service.ports:
            http = port.protocol.is_http
            address = WILDCARD if http or service.address == WILDCARD else service.address
            name = names.outbound_listener(address, port.number)
            if port.protocol is Protocol.UDP or name in seen or "/" in address:
                continue
            seen.add(name)
            listener = _listener(name, address, port.number)
            listener.traffic_direction = TrafficDirection.OUTBOUND
            listener.bind_to_port.value = False
            if http:
                found = _http_filter(context, f"outbound_{address}_{port.number};", str(port.number))
            else:
                found = _service_tcp_filter(node, context, service, port.number)
            listener.filter_chains.append(FilterChain(filters=[found]))
            yield listener


def _virtual_outbound(context: PushContext) -> Listener:
    listener = _listener(names.VIRTUAL_OUTBOUND, WILDCARD, context.mesh.proxy_listen_port)
    listener.traffic_direction = TrafficDirection.OUTBOUND
    listener.use_original_dst.value = True
    blocked = context.mesh.outbound_traffic_policy.mode == "REGISTRY_ONLY"
    cluster = names.BLACK_HOLE_CLUSTER if blocked else names.PASSTHROUGH_CLUSTER
    trap = listener.filter_chains.add(name="virtualOutbound-trap", filters=[tcp_filter(names.BLACK_HOLE_CLUSTER)])
    trap.filter_chain_match.destination_port.value = context.mesh.proxy_listen_port
    listener.filter_chains.add(name="virtualOutbound-catchall-tcp", filters=[tcp_filter(cluster)])
    return listener


def _virtual_inbound(node: Node, context: PushContext) -> Listener:
    listener = _listener(names.VIRTUAL_INBOUND, WILDCARD, context.mesh.proxy_inbound_listen_port)
    listener.traffic_direction = TrafficDirection.INBOUND
    original = listener.listener_filters.add(name="envoy.filters.listener.original_dst")
    original.typed_config.Pack(OriginalDst(), deterministic=True)
    hole = listener.filter_chains.add(name="virtualInbound-blackhole", filters=[tcp_filter(names.BLACK_HOLE_CLUSTER)])
    hole.filter_chain_match.destination_port.value = context.mesh.proxy_inbound_listen_port
    seen: set[int] = set()
    for _, port, endpoint in context.inbound_of(node):
        if endpoint.port not in seen:
            seen.add(endpoint.port)
            chain = _inbound_chain(context, endpoint.port, port.protocol)
            chain.filter_chain_match.destination_port.value = endpoint.port
            listener.filter_chains.append(chain)
    listener.filter_chains.add(name="virtualInbound", filters=[tcp_filter(names.INBOUND_PASSTHROUGH_CLUSTER)])
    return listener
