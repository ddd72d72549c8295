"""What is wrong with a cluster that neither the API's rules nor the list of supported fields can say."""

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Address, Cluster
from tulle.proxy.upstream.http_settings import check_http_settings
from tulle.proxy.upstream.lb.policies import check_policy
from tulle.proxy.upstream.load_assignment import check_assignment, check_ip_address, check_tcp_address
from tulle.proxy.upstream.transport_choice import check_transport_sockets


def check_cluster(proto: Cluster) -> list[FieldProblem]:
    """All problems; empty when `make_cluster` can make it."""
    return [
        *_check_kind(proto),
        *_check_hosts(proto),
        *_check_provided(proto),
        *check_policy(proto),
        *_check_hostname_hashing(proto),
        *check_http_settings(proto),
        *_check_breakers(proto),
        *check_transport_sockets(proto),
    ]


def _check_kind(proto: Cluster) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    if proto.type == Cluster.EDS and not proto.HasField("eds_cluster_config"):
        problems.append(FieldProblem("eds_cluster_config", "must be set in an EDS cluster"))
    if proto.type != Cluster.EDS and proto.HasField("eds_cluster_config"):
        problems.append(FieldProblem("eds_cluster_config", "must not be set in a cluster that is not EDS"))
    rate = proto.dns_failure_refresh_rate
    if rate.HasField("max_interval") and rate.max_interval.ToNanoseconds() < rate.base_interval.ToNanoseconds():
        problems.append(
            FieldProblem("dns_failure_refresh_rate.max_interval", "must be greater than or equal to the base_interval")
        )
    return problems


def _check_hosts(proto: Cluster) -> list[FieldProblem]:
    assignment = proto.load_assignment
    match proto.type:
        case Cluster.STATIC:
            return check_assignment(assignment, "load_assignment", check_ip_address)
        case Cluster.STRICT_DNS | Cluster.LOGICAL_DNS:
            problems = check_assignment(assignment, "load_assignment", _check_name)
            one = len(assignment.endpoints) == 1 and len(assignment.endpoints[0].lb_endpoints) == 1
            if proto.type == Cluster.LOGICAL_DNS and not one:
                text = "LOGICAL_DNS clusters must have a single locality_lb_endpoint and a single lb_endpoint"
                problems.append(FieldProblem("load_assignment.endpoints", text))
            return problems
        case _:
            if not assignment.endpoints:
                return []
            kind = Cluster.DiscoveryType.Name(proto.type)
            return [FieldProblem("load_assignment", f"{kind} clusters must have no load assignment")]


def _check_name(address: Address, path: str) -> list[FieldProblem]:
    if address.WhichOneof("address") != "socket_address":
        return [FieldProblem(path, "clusters whose hosts are resolved must use socket addresses")]
    return check_tcp_address(address, path)


def _check_provided(proto: Cluster) -> list[FieldProblem]:
    """ORIGINAL_DST and CLUSTER_PROVIDED go together."""
    provided = proto.lb_policy == Cluster.CLUSTER_PROVIDED
    if proto.type == Cluster.ORIGINAL_DST:
        if proto.HasField("load_balancing_policy"):
            return [FieldProblem("load_balancing_policy", "is not supported in an ORIGINAL_DST cluster")]
        if not provided:
            return [FieldProblem("lb_policy", "an ORIGINAL_DST cluster wants CLUSTER_PROVIDED")]
    elif provided and not proto.HasField("load_balancing_policy"):
        return [FieldProblem("lb_policy", "CLUSTER_PROVIDED is for clusters that provide a policy: ORIGINAL_DST")]
    elif proto.HasField("original_dst_lb_config"):
        return [FieldProblem("original_dst_lb_config", "is for ORIGINAL_DST clusters")]
    return []


def _check_hostname_hashing(proto: Cluster) -> list[FieldProblem]:
    if not proto.common_lb_config.consistent_hashing_lb_config.use_hostname_for_hashing:
        return []
    if proto.type == Cluster.STRICT_DNS:
        return []
    text = f"is for STRICT_DNS clusters, not for {Cluster.DiscoveryType.Name(proto.type)}"
    return [FieldProblem("common_lb_config.consistent_hashing_lb_config.use_hostname_for_hashing", text)]


def _check_breakers(proto: Cluster) -> list[FieldProblem]:
    seen: set[int] = set()
    problems: list[FieldProblem] = []
    for index, thresholds in enumerate(proto.circuit_breakers.thresholds):
        if thresholds.priority in seen:
            problems.append(FieldProblem(f"circuit_breakers.thresholds[{index}]", "repeats a priority"))
        seen.add(thresholds.priority)
    return problems
