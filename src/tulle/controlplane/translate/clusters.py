"""Clusters and endpoints of a proxy (Istio: pilot/pkg/networking/core/cluster.go)."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from tulle.api.durations import parse_duration
from tulle.api.networking.destination_rule import (
    DestinationRule,
    HTTPSettings,
    PortTrafficPolicy,
    Subset,
    TrafficPolicy,
)
from tulle.api.resource import Resource
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.translate.origin import set_origin, set_service
from tulle.model import names
from tulle.model.endpoint import Endpoint, Health
from tulle.model.labels import selects
from tulle.model.port import Port, Protocol
from tulle.model.service import Resolution, Service
from tulle.protos.enums import ApiVersion, HealthStatus
from tulle.protos.messages import CircuitBreakers, Cluster, ClusterLoadAssignment, HttpProtocolOptions

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
UNLIMITED = 2**32 - 1  # Istio lifts Envoy's limits unless a DestinationRule sets them
# Istio's default for simple load balancing is LEAST_REQUEST.
_LB = {"RANDOM": Cluster.RANDOM, "ROUND_ROBIN": Cluster.ROUND_ROBIN, "PASSTHROUGH": Cluster.CLUSTER_PROVIDED}

_HEALTH = {Health.UNHEALTHY: HealthStatus.UNHEALTHY, Health.DRAINING: HealthStatus.DRAINING}

Policy = TrafficPolicy | PortTrafficPolicy


@dataclass(frozen=True, slots=True)
class OutboundClusterInputs:
    """All that an outbound cluster depends on."""

    service: Service
    port: Port
    subset: str
    policy: Policy | None
    endpoints: tuple[Endpoint, ...]
    connect_timeout: timedelta
    rule: Resource[DestinationRule] | None = None

    @property
    def name(self) -> str:
        """`outbound|9080|v1|reviews.default.svc.cluster.local`."""
        return names.outbound_cluster(self.service.hostname, self.port.number, self.subset)


def gather_outbound(node: Node, context: PushContext) -> Iterator[OutboundClusterInputs]:
    """One for each port of each visible service, and one for each subset of it."""
    timeout = parse_duration(context.mesh.connect_timeout) or timedelta(seconds=10)
    for service in context.services_for(node):
        rule = context.destination_rule_for(node, service.hostname)
        policy = rule.spec.traffic_policy if rule else None
        for port in service.ports:
            if port.protocol is Protocol.UDP:
                continue
            endpoints = context.endpoints_of(service.hostname, port.number)
            own = _policy_of_port(policy, port.number)
            yield OutboundClusterInputs(service, port, "", own, endpoints, timeout, rule)
            for subset in rule.spec.subsets if rule else ():
                chosen = tuple(item for item in endpoints if selects(subset.labels, item.labels))
                special = _policy_of_subset(subset, policy, port.number)
                yield OutboundClusterInputs(service, port, subset.name, special, chosen, timeout, rule)


def _policy_of_port(policy: TrafficPolicy | None, number: int) -> Policy | None:
    for item in policy.port_level_settings if policy else ():
        if item.port is not None and item.port.number == number:
            return item
    return policy


def _policy_of_subset(subset: Subset, policy: TrafficPolicy | None, number: int) -> Policy | None:
    """Section by section the subset's, else the rule's; settings of a port inherit nothing (MergeTrafficPolicy)."""
    own, above = subset.traffic_policy, _policy_of_port(policy, number)
    special = _policy_of_port(own, number)
    if own is None or above is None or special is not own:
        return special or above
    return TrafficPolicy(
        load_balancer=own.load_balancer or above.load_balancer,
        connection_pool=own.connection_pool or above.connection_pool,
        outlier_detection=own.outlier_detection or above.outlier_detection,
        tls=own.tls or above.tls,
    )


def translate_outbound_cluster(inputs: OutboundClusterInputs) -> Cluster:
    """The cluster for `inputs`; the endpoints of an EDS cluster come apart from it."""
    cluster = Cluster(name=inputs.name)
    cluster.connect_timeout.FromTimedelta(inputs.connect_timeout)
    resolution = inputs.service.resolution
    if resolution is Resolution.PASSTHROUGH:
        cluster.type = Cluster.ORIGINAL_DST
        cluster.lb_policy = Cluster.CLUSTER_PROVIDED
    elif resolution is Resolution.STATIC:
        cluster.type = Cluster.EDS
        cluster.eds_cluster_config.eds_config.ads.SetInParent()
        cluster.eds_cluster_config.eds_config.resource_api_version = ApiVersion.V3
        cluster.eds_cluster_config.service_name = inputs.name
    else:
        cluster.type = Cluster.STRICT_DNS if resolution is Resolution.DNS else Cluster.LOGICAL_DNS
        cluster.load_assignment.CopyFrom(translate_endpoints(inputs.name, _dns_endpoints(inputs)))
    _apply_policy(cluster, inputs)
    set_service(cluster.metadata, inputs.service, inputs.port.number, inputs.subset)
    if inputs.rule is not None:
        set_origin(cluster.metadata, inputs.rule)
    if inputs.port.protocol.is_http2 or _upgrades(inputs.policy):
        set_http2(cluster)
    return cluster


def _dns_endpoints(inputs: OutboundClusterInputs) -> tuple[Endpoint, ...]:
    if inputs.service.external_name:
        number = inputs.port.number
        service = inputs.service
        return (Endpoint(service.hostname, service.namespace, number, service.external_name, number),)
    return inputs.endpoints


def _apply_policy(cluster: Cluster, inputs: OutboundClusterInputs) -> None:
    policy = inputs.policy
    simple = policy.load_balancer.simple if policy and policy.load_balancer else None
    if cluster.type != Cluster.ORIGINAL_DST:
        cluster.lb_policy = _LB.get(simple or "", Cluster.LEAST_REQUEST)
    limits = cluster.circuit_breakers.thresholds.add()
    for field in ("max_connections", "max_pending_requests", "max_requests", "max_retries"):
        getattr(limits, field).value = UNLIMITED
    pool = policy.connection_pool if policy else None
    if pool is None:
        return
    if pool.tcp is not None:
        if pool.tcp.max_connections:
            limits.max_connections.value = pool.tcp.max_connections
        timeout = parse_duration(pool.tcp.connect_timeout or "")
        if timeout is not None:
            cluster.connect_timeout.FromTimedelta(timeout)
    if pool.http is not None:
        _apply_http_pool(cluster, limits, pool.http)


def _apply_http_pool(cluster: Cluster, limits: CircuitBreakers.Thresholds, pool: HTTPSettings) -> None:
    for number, limit in (
        (pool.http1_max_pending_requests, limits.max_pending_requests),
        (pool.http2_max_requests, limits.max_requests),
        (pool.max_retries, limits.max_retries),
    ):
        if number:
            limit.value = number
    if pool.max_requests_per_connection:
        options = HttpProtocolOptions()
        options.explicit_http_config.http_protocol_options.SetInParent()
        options.common_http_protocol_options.max_requests_per_connection.value = pool.max_requests_per_connection
        cluster.typed_extension_protocol_options[HTTP_OPTIONS].Pack(options, deterministic=True)


def _upgrades(policy: Policy | None) -> bool:
    pool = policy.connection_pool if policy else None
    return bool(pool and pool.http and pool.http.h2_upgrade_policy == "UPGRADE")


def set_http2(cluster: Cluster) -> None:
    """Makes the cluster speak HTTP/2; what was set of its HTTP options stays."""
    options = HttpProtocolOptions()
    if HTTP_OPTIONS in cluster.typed_extension_protocol_options:
        cluster.typed_extension_protocol_options[HTTP_OPTIONS].Unpack(options)
    options.explicit_http_config.http2_protocol_options.SetInParent()
    cluster.typed_extension_protocol_options[HTTP_OPTIONS].Pack(options, deterministic=True)


def translate_endpoints(name: str, endpoints: Iterable[Endpoint]) -> ClusterLoadAssignment:
    """The endpoints of a cluster, grouped by locality; those that drain or are unhealthy are told so."""
    assignment = ClusterLoadAssignment(cluster_name=name)
    groups: dict[object, list[Endpoint]] = {}
    for endpoint in endpoints:
        groups.setdefault(endpoint.locality, []).append(endpoint)
    for members in groups.values():
        group = assignment.endpoints.add()
        where = members[0].locality
        if where.region:
            group.locality.region, group.locality.zone, group.locality.sub_zone = (
                where.region,
                where.zone,
                where.subzone,
            )
        group.load_balancing_weight.value = sum(item.weight for item in members)
        for item in members:
            target = group.lb_endpoints.add()
            target.load_balancing_weight.value = item.weight
            _set_address(target.endpoint, item)
            if item.health is not Health.HEALTHY:
                target.health_status = _HEALTH[item.health]
    return assignment


def _set_address(target: object, item: Endpoint) -> None:
    address = target.address  # type: ignore[attr-defined]
    if item.address.startswith("unix:"):
        address.pipe.path = item.address.removeprefix("unix://").removeprefix("unix:")
    else:
        address.socket_address.address = item.address
        address.socket_address.port_value = item.port


def translate_load_assignments(
    node: Node, context: PushContext, wanted: Collection[str] | None
) -> Iterator[ClusterLoadAssignment]:
    """The endpoints of the EDS clusters that are asked for; None asks for all."""
    for inputs in gather_outbound(node, context):
        if inputs.service.resolution is Resolution.STATIC and (wanted is None or inputs.name in wanted):
            yield translate_endpoints(inputs.name, inputs.endpoints)


def static_cluster(name: str, address: str, port: int, timeout: timedelta) -> Cluster:
    """The application behind a sidecar."""
    cluster = Cluster(name=name, type=Cluster.STATIC)
    cluster.connect_timeout.FromTimedelta(timeout)
    endpoint = Endpoint("", "", port, address, port)
    cluster.load_assignment.CopyFrom(translate_endpoints(name, (endpoint,)))
    return cluster


def translate_clusters(node: Node, context: PushContext) -> Iterator[Cluster]:
    """All clusters of a proxy: outbound, inbound, black hole and passthrough."""
    for inputs in gather_outbound(node, context):
        yield translate_outbound_cluster(inputs)
    timeout = parse_duration(context.mesh.connect_timeout) or timedelta(seconds=10)
    black_hole = Cluster(name=names.BLACK_HOLE_CLUSTER, type=Cluster.STATIC)
    black_hole.connect_timeout.FromTimedelta(timeout)
    yield black_hole
    if node.kind != "sidecar":
        return
    yield from _inbound_clusters(node, context, timeout)
    for name in (names.PASSTHROUGH_CLUSTER, names.INBOUND_PASSTHROUGH_CLUSTER):
        passthrough = Cluster(name=name, type=Cluster.ORIGINAL_DST, lb_policy=Cluster.CLUSTER_PROVIDED)
        passthrough.connect_timeout.FromTimedelta(timeout)
        yield passthrough


def _inbound_clusters(node: Node, context: PushContext, timeout: timedelta) -> Iterator[Cluster]:
    sidecar = context.sidecar_for(node)
    if sidecar is not None and sidecar.spec.ingress:
        for ingress in sidecar.spec.ingress:
            host, _, port = (ingress.default_endpoint or f"127.0.0.1:{ingress.port.number}").rpartition(":")
            cluster = static_cluster(names.inbound_cluster(ingress.port.number), host, int(port), timeout)
            if ingress.port.protocol.upper() in ("GRPC", "HTTP2"):
                set_http2(cluster)
            yield cluster
        return
    seen: set[int] = set()
    for _, service_port, endpoint in context.inbound_of(node):
        if endpoint.port in seen:
            continue
        seen.add(endpoint.port)
        cluster = static_cluster(names.inbound_cluster(endpoint.port), "127.0.0.1", endpoint.port, timeout)
        if service_port.protocol.is_http2:
            set_http2(cluster)
        yield cluster
