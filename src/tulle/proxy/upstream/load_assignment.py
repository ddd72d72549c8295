"""From a ClusterLoadAssignment to the hosts of a cluster, touching only what changed."""

import socket
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from tulle.foundation.errors import FieldProblem
from tulle.protos.enums import HealthStatus
from tulle.protos.messages import Address, ClusterLoadAssignment, LbEndpoint, Metadata
from tulle.protos.messages import Locality as LocalityProto
from tulle.proxy.upstream.hosts import (
    DEGRADED_EDS_HEALTH,
    EDS_STATUS_DRAINING,
    FAILED_EDS_HEALTH,
    NOWHERE,
    OF_EDS,
    Group,
    Host,
    HostChange,
    HostSet,
    Level,
    Locality,
)

_OVERPROVISIONING = 140  # percent; Envoy: Policy.overprovisioning_factor
_MAX_WEIGHTS = 2**32 - 1

_FLAGS = {
    HealthStatus.UNHEALTHY: FAILED_EDS_HEALTH,
    HealthStatus.TIMEOUT: FAILED_EDS_HEALTH,
    HealthStatus.DRAINING: EDS_STATUS_DRAINING,
    HealthStatus.DEGRADED: DEGRADED_EDS_HEALTH,
}


class Identity(NamedTuple):
    """What makes two endpoints the same host.

    `by_address`: an address names one host, the first counts (EDS and DNS); otherwise each endpoint is a host (STATIC).
    `one_host`: there is one host whatever its address is at the moment (LOGICAL_DNS).
    """

    by_address: bool = True
    one_host: bool = False


STATIC_IDENTITY = Identity(by_address=False)
EDS_IDENTITY = Identity()
LOGICAL_IDENTITY = Identity(one_host=True)


def apply_assignment(hosts: HostSet, data: bytes, identity: Identity = EDS_IDENTITY) -> HostChange:
    """Brings the hosts to the state that a serialized ClusterLoadAssignment describes.

    Endpoints whose bytes are known are not even read, so one change among ten thousand costs little; a host whose
    address stays keeps its object, its pool and its counters.
    """
    raw = _raw_assignment_class().FromString(data)
    return _Update(hosts, identity).run(raw)


class _Update:
    """One update while it runs."""

    def __init__(self, hosts: HostSet, identity: Identity) -> None:
        self._hosts = hosts
        self._identity = identity
        self._known = {host.source: host for host in hosts} if identity.by_address else {}
        self._by_address: dict[str, Host] | None = None
        self._placed: set[Host] = set()
        self._touched: set[int] = set()

    def run(self, raw: Any) -> HostChange:
        groups: dict[int, dict[Locality, Group]] = {}
        for endpoints in raw.endpoints:
            locality = _locality_of(endpoints.locality)
            weight = endpoints.load_balancing_weight.value
            members = self._members(endpoints.lb_endpoints, endpoints.priority, locality)
            level = groups.setdefault(endpoints.priority, {})
            same = level.get(locality)
            if same is not None:
                # Envoy: a locality that comes twice is one, with the last weight that was given.
                members = same.hosts + members
                weight = weight or same.weight
            level[locality] = Group(locality, weight, members)
        policy = ClusterLoadAssignment.Policy.FromString(raw.policy)
        factor = (
            policy.overprovisioning_factor.value if policy.HasField("overprovisioning_factor") else _OVERPROVISIONING
        )
        levels = [
            Level(tuple(groups.get(priority, {}).values()), factor, policy.weighted_priority_health)
            for priority in range(max(groups, default=0) + 1)
        ]
        return self._hosts.replace(levels, tuple(self._touched))

    def _members(self, sources: Any, priority: int, locality: Locality) -> list[Host]:
        members: list[Host] = []
        known, placed = self._known, self._placed
        for source in sources:
            host = known.get(source) or self._host_of(source)
            if host in placed:
                continue
            placed.add(host)
            if host.priority != priority or host.locality != locality:
                self._touched.add(host.priority)
                self._touched.add(priority)
                host.priority = priority
                host.locality = locality
            members.append(host)
        return members

    def _host_of(self, source: bytes) -> Host:
        """The host of an endpoint that was not there before in this form: changed in place, or new."""
        endpoint = LbEndpoint.FromString(source)
        address = address_text(endpoint.endpoint.address)
        host = self._same_host(address)
        if host is None:
            host = Host(address)
        elif host in self._placed:
            return host
        else:
            self._touched.add(host.priority)
        if self._by_address is not None:
            self._by_address[address] = host
        host.address = address
        _describe(host, endpoint)
        host.source = source
        return host

    def _same_host(self, address: str) -> Host | None:
        if not self._identity.by_address:
            return None
        if self._identity.one_host:
            return next(iter(self._hosts), None)
        if self._by_address is None:
            self._by_address = {host.address: host for host in self._hosts}
        return self._by_address.get(address)


def _describe(host: Host, endpoint: LbEndpoint) -> None:
    """Everything that the control plane says of a host but its place."""
    host.hostname = endpoint.endpoint.hostname
    host.weight = endpoint.load_balancing_weight.value or 1
    host.flags = host.flags & ~OF_EDS | _FLAGS.get(endpoint.health_status, 0)
    host.metadata = read_metadata(endpoint.metadata.SerializeToString()) if endpoint.HasField("metadata") else _NONE


_NONE: Mapping[str, Mapping[str, Any]] = {}


# The hosts of a cluster mostly have the same few labels.
@lru_cache(maxsize=1024)
def read_metadata(data: bytes) -> Mapping[str, Mapping[str, Any]]:
    """A serialized core.v3.Metadata as plain values: namespace → key → value."""
    metadata = Metadata.FromString(data)
    return {name: json_format.MessageToDict(values) for name, values in metadata.filter_metadata.items()}


@lru_cache(maxsize=1024)
def _locality_of(data: bytes) -> Locality:
    if not data:
        return NOWHERE
    proto = LocalityProto.FromString(data)
    return (proto.region, proto.zone, proto.sub_zone)


def address_text(address: Address) -> str:
    """The address as Envoy prints it; `check_assignment` has found it good."""
    if address.WhichOneof("address") == "pipe":
        return address.pipe.path
    ip, port = address.socket_address.address, address.socket_address.port_value
    if ":" not in ip:
        return f"{ip}:{port}"
    return f"[{socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, ip))}]:{port}"


def is_ip(text: str) -> bool:
    """Whether the text is an IP address and not a name."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except OSError:
        return False
    return True


AddressCheck = Callable[[Address, str], list[FieldProblem]]


def check_ip_address(address: Address, path: str) -> list[FieldProblem]:
    """Hosts of STATIC and EDS clusters: IP addresses and Unix sockets."""
    if address.WhichOneof("address") != "socket_address":
        return []
    problems = check_tcp_address(address, path)
    if not is_ip(address.socket_address.address):
        # Envoy: resolver_impl.cc
        text = f"malformed IP address: {address.socket_address.address}; STRICT_DNS and LOGICAL_DNS clusters take names"
        problems.append(FieldProblem(f"{path}.socket_address.address", text))
    return problems


def check_tcp_address(address: Address, path: str) -> list[FieldProblem]:
    """Hosts of any cluster: TCP with a number for the port."""
    problems: list[FieldProblem] = []
    where = address.socket_address
    if where.protocol:
        problems.append(FieldProblem(f"{path}.socket_address.protocol", "only TCP is supported"))
    if where.WhichOneof("port_specifier") == "named_port":
        problems.append(FieldProblem(f"{path}.socket_address.named_port", "is not supported; use port_value"))
    return problems


def check_assignment(
    proto: ClusterLoadAssignment, path: str = "", check_address: AddressCheck = check_ip_address
) -> list[FieldProblem]:
    """What the API's rules and the list of supported fields do not say of a load assignment."""
    problems: list[FieldProblem] = []
    prefix = f"{path}." if path else ""
    for at, group in enumerate(proto.endpoints):
        for index, endpoint in enumerate(group.lb_endpoints):
            where = f"{prefix}endpoints[{at}].lb_endpoints[{index}].endpoint.address"
            if endpoint.endpoint.address.WhichOneof("address") is None:
                problems.append(FieldProblem(where, "must be set"))
            else:
                problems += check_address(endpoint.endpoint.address, where)
        if sum(endpoint.load_balancing_weight.value for endpoint in group.lb_endpoints) > _MAX_WEIGHTS:
            text = f"the sum of the weights of all endpoints in the same locality exceeds {_MAX_WEIGHTS}"
            problems.append(FieldProblem(f"{prefix}endpoints[{at}].lb_endpoints", text))
    return problems + _check_locality_weights(proto, f"{prefix}endpoints")


def _check_locality_weights(proto: ClusterLoadAssignment, path: str) -> list[FieldProblem]:
    sums: dict[int, int] = {}
    for group in proto.endpoints:
        sums[group.priority] = sums.get(group.priority, 0) + group.load_balancing_weight.value
    text = f"the sum of the weights of all localities at priority {{}} exceeds {_MAX_WEIGHTS}"
    return [FieldProblem(path, text.format(priority)) for priority, total in sums.items() if total > _MAX_WEIGHTS]


@cache
def _raw_assignment_class() -> Any:
    """ClusterLoadAssignment with localities, endpoints and policy left as bytes, which is the same on the wire."""
    file = FileDescriptorProto(name="tulle/raw_assignment.proto", package="tulle", syntax="proto3")
    assignment = file.message_type.add(name="RawAssignment")
    group = file.message_type.add(name="RawGroup")
    number = file.message_type.add(name="RawNumber")
    one, many = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED
    data, message = FieldDescriptorProto.TYPE_BYTES, FieldDescriptorProto.TYPE_MESSAGE
    uint32 = FieldDescriptorProto.TYPE_UINT32
    assignment.field.add(name="endpoints", number=2, label=many, type=message, type_name=".tulle.RawGroup")
    assignment.field.add(name="policy", number=4, label=one, type=data)
    group.field.add(name="locality", number=1, label=one, type=data)
    group.field.add(name="lb_endpoints", number=2, label=many, type=data)
    group.field.add(name="load_balancing_weight", number=3, label=one, type=message, type_name=".tulle.RawNumber")
    group.field.add(name="priority", number=5, label=one, type=uint32)
    number.field.add(name="value", number=1, label=one, type=uint32)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("tulle.RawAssignment"))
