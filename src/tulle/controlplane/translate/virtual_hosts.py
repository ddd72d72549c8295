"""Route configurations: which virtual hosts a port, the HTTP proxy port, or a gateway has."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tulle.api.networking.gateway import Gateway, Server
from tulle.api.networking.virtual_service import VirtualService
from tulle.api.resource import Resource
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.translate.retries import inbound_retries, translate_retries
from tulle.controlplane.translate.routes import RouteScope, translate_http_routes
from tulle.model import names
from tulle.model.hosts import matches, specificity
from tulle.model.service import Service
from tulle.protos.messages import Route, RouteConfiguration, VirtualHost


def service_domains(service: Service, port: int, node: Node, domain: str) -> list[str]:
    """All ways in which a client may write the host: short names too, for those who share a namespace."""
    host = service.hostname
    hosts = [host]
    suffix = f".svc.{domain}"
    if host.endswith(suffix):
        short = host.removesuffix(suffix)
        hosts += [f"{short}.svc", short]
        if service.namespace == node.namespace:
            hosts.append(short.rpartition(".")[0])
    if service.address not in ("0.0.0.0", ""):
        hosts.append(service.address.partition("/")[0])
    # A domain without a port matches any port when the configuration ignores ports.
    return hosts


def translate_port_routes(node: Node, context: PushContext, port: int) -> RouteConfiguration:
    """The routes of a sidecar's port: a virtual host for each HTTP service that has it, and the catch-all."""
    config = RouteConfiguration(name=str(port), ignore_port_in_host_matching=True)
    config.max_direct_response_body_size_bytes.value = 1_048_576
    services = context.services_for(node)
    config.virtual_hosts.extend(_service_hosts(node, context, port, services))
    taken = {domain for host in config.virtual_hosts for domain in host.domains}
    config.virtual_hosts.extend(_hosts_without_service(node, context, port, services, taken))
    config.virtual_hosts.append(_catch_all(node, context))
    config.validate_clusters.value = False
    return config


def translate_http_proxy_routes(node: Node, context: PushContext) -> RouteConfiguration:
    """The routes of the HTTP proxy port: all HTTP services at all their ports, told apart by the port in the host."""
    config = RouteConfiguration(name=names.HTTP_PROXY_ROUTES)
    config.max_direct_response_body_size_bytes.value = 1_048_576
    config.validate_clusters.value = False
    seen: set[str] = set()
    by_port: dict[int, list[Service]] = {}
    for service in context.services_for(node):
        for number in {port.number for port in service.ports}:
            by_port.setdefault(number, []).append(service)
    for port in sorted(by_port):
        for host in _service_hosts(node, context, port, by_port[port]):
            domains = [f"{domain}:{port}" for domain in host.domains]
            if port == 80:
                domains += list(host.domains)
            fresh = [domain for domain in domains if domain not in seen]
            seen.update(fresh)
            if fresh:
                del host.domains[:]
                host.domains.extend(fresh)
                config.virtual_hosts.append(host)
    config.virtual_hosts.append(_catch_all(node, context))
    return config


def _service_hosts(node: Node, context: PushContext, port: int, services: Iterable[Service]) -> Iterator[VirtualHost]:
    taken: set[str] = set()
    for service in services:
        if not _speaks_http(service, port):
            continue
        host = VirtualHost(name=f"{service.hostname}:{port}", include_request_attempt_count=True)
        wanted = service_domains(service, port, node, context.domain)
        host.domains.extend(domain for domain in wanted if domain not in taken)
        taken.update(wanted)
        if not host.domains:
            continue
        rule = _rule_for(service.hostname, node, context)
        scope = RouteScope(node, context, port)
        routes = list(translate_http_routes(scope, rule)) if rule else []
        host.routes.extend(routes or [_default_route(context, service.hostname, port)])
        yield host


def _speaks_http(service: Service, port: int) -> bool:
    found = service.port(port)
    return found is not None and (found.protocol.is_http or found.protocol.value == "auto")


def _hosts_without_service(
    node: Node, context: PushContext, port: int, services: Sequence[Service], taken: Collection[str]
) -> Iterator[VirtualHost]:
    """Hosts of rules that no service has: at the ports of the services that the same rule is for, else at port 80.

    Istio: pilot/pkg/networking/core/route, buildSidecarVirtualHostsForVirtualService.
    """
    by_name = {service.hostname: service for service in services}
    seen = {*taken, "*"}
    for rule in context.virtual_services_for(node):
        found = {host: _covered(host, by_name) for host in rule.spec.hosts} if rule.spec.http else {}
        behind = [service for covered in found.values() for service in covered]
        lone = [host for host, covered in found.items() if not covered and host not in seen]
        if not lone or not (any(_speaks_http(service, port) for service in behind) if behind else port == 80):
            continue
        routes = list(translate_http_routes(RouteScope(node, context, port), rule))
        for host in lone if routes else ():
            seen.add(host)
            yield VirtualHost(name=f"{host}:{port}", domains=[host], routes=routes, include_request_attempt_count=True)


def _covered(host: str, by_name: Mapping[str, Service]) -> list[Service]:
    if not host.startswith("*"):
        return [by_name[host]] if host in by_name else []
    return [service for name, service in by_name.items() if matches(host, name)]


def _rule_for(hostname: str, node: Node, context: PushContext) -> Resource[VirtualService] | None:
    """The rule with the most specific host that covers the service and has HTTP routes; the first of equals."""
    found = [(host, rule) for host, rule in context.mesh_rules_for(node, hostname) if rule.spec.http]
    return max(found, key=lambda entry: specificity(entry[0]))[1] if found else None


def _default_route(context: PushContext, hostname: str, port: int) -> Route:
    route = Route(name="default")
    route.match.prefix = "/"
    route.route.cluster = names.outbound_cluster(hostname, port)
    route.route.timeout.FromSeconds(0)
    retries = translate_retries(None, context.mesh.default_http_retry_policy)
    if retries is not None:
        route.route.retry_policy.CopyFrom(retries)
    return route


def _catch_all(node: Node, context: PushContext) -> VirtualHost:
    """Unknown hosts: passed on or answered with 502, as the outbound traffic policy says."""
    sidecar = context.sidecar_for(node)
    policy = sidecar.spec.outbound_traffic_policy if sidecar else None
    mode = policy.mode if policy else context.mesh.outbound_traffic_policy.mode
    route = Route()
    route.match.prefix = "/"
    if mode == "REGISTRY_ONLY":
        route.name = "block_all"
        route.direct_response.status = 502
    else:
        route.name = "allow_any"
        route.route.cluster = names.PASSTHROUGH_CLUSTER
        route.route.timeout.FromSeconds(0)
    host = VirtualHost(name=route.name, domains=["*"], include_request_attempt_count=True)
    host.routes.append(route)
    return host


def translate_inbound_routes(port: int, prefix: str) -> RouteConfiguration:
    """Everything that comes in goes to the application."""
    cluster = names.inbound_cluster(port)
    config = RouteConfiguration(name=cluster)
    config.validate_clusters.value = False
    host = config.virtual_hosts.add(name=f"inbound|http|{port}", domains=["*"])
    route = host.routes.add(name="default")
    route.match.prefix = prefix
    route.route.cluster = cluster
    route.route.timeout.FromSeconds(0)
    route.route.retry_policy.CopyFrom(inbound_retries())
    return config


def translate_gateway_routes(node: Node, context: PushContext, port: int) -> RouteConfiguration:
    """The routes of one HTTP port of a gateway: a virtual host for each host of each VirtualService bound to it."""
    config = RouteConfiguration(name=names.gateway_routes(port), ignore_port_in_host_matching=True)
    config.max_direct_response_body_size_bytes.value = 1_048_576
    config.validate_clusters.value = False
    hosts: dict[str, VirtualHost] = {}
    for gateway, server in gateway_servers(node, context):
        if server.port.number == port:
            _add_gateway_hosts(hosts, RouteScope(node, context, port), gateway, server)
    if not hosts:
        hosts["*"] = VirtualHost(name=f"blackhole:{port}", domains=["*"])
    config.virtual_hosts.extend(hosts.values())
    return config


def gateway_servers(node: Node, context: PushContext) -> Iterator[tuple[Resource[Gateway], Server]]:
    """The servers of all Gateways that select the node."""
    for gateway in context.gateways_for(node):
        for server in gateway.spec.servers:
            yield gateway, server


def _add_gateway_hosts(
    hosts: dict[str, VirtualHost], scope: RouteScope, gateway: Resource[Gateway], server: Server
) -> None:
    name = f"{gateway.metadata.namespace}/{gateway.metadata.name}"
    scope = replace(scope, gateway=name)
    for rule in scope.context.virtual_services_for(scope.node, name):
        routes = list(translate_http_routes(scope, rule))
        for host in rule.spec.hosts:
            domain = _common_host(host, rule.metadata.namespace, gateway, server)
            if domain is None or not routes:
                continue
            known = hosts.get(domain)
            if known is None:
                known = VirtualHost(name=f"{domain}:{scope.port}", domains=[domain], include_request_attempt_count=True)
                hosts[domain] = known
            known.routes.extend(routes)
    if server.tls is not None and server.tls.https_redirect:
        for host in server.hosts:
            domain = host.rpartition("/")[2]
            hosts.setdefault(domain, VirtualHost(name=f"{domain}:{scope.port}", domains=[domain]))
            for known in hosts.values():
                if matches(domain, known.domains[0]):
                    known.require_tls = VirtualHost.ALL


def _common_host(host: str, namespace: str, gateway: Resource[Gateway], server: Server) -> str | None:
    """The narrower of a rule's host and a server's, when the server takes rules of that namespace."""
    for entry in server.hosts:
        wanted_namespace, _, pattern = entry.rpartition("/")
        wanted = gateway.metadata.namespace if wanted_namespace == "." else wanted_namespace
        if wanted not in ("", "*", namespace):
            continue
        if matches(pattern, host):
            return host
        if matches(host, pattern):
            return pattern
    return None
