"""Under which name the endpoints of a cluster come to the workers."""

from hashlib import blake2b

from tulle.protos.messages import Cluster

# No resource of an xDS server has a name that begins with this.
_DNS = "\x00dns/"


def endpoints_name_of(cluster: Cluster) -> str:
    """The EDS service name, or a name of our own for what the main process resolves; "" when none come."""
    if cluster.WhichOneof("cluster_discovery_type") != "type":
        return ""
    if cluster.type == Cluster.EDS:
        return cluster.eds_cluster_config.service_name or cluster.name
    return _resolved_name(cluster) if uses_dns(cluster) else ""


def _resolved_name(cluster: Cluster) -> str:
    """Another one when something else is to be resolved, so that a changed cluster never gets the old addresses."""
    digest = blake2b(cluster.load_assignment.SerializeToString(deterministic=True), digest_size=8)
    digest.update(bytes((cluster.type, cluster.dns_lookup_family)))
    return f"{_DNS}{digest.hexdigest()}/{cluster.name}"


def uses_dns(cluster: Cluster) -> bool:
    """Whether the main process resolves the cluster's hosts."""
    return cluster.type in (Cluster.STRICT_DNS, Cluster.LOGICAL_DNS)


def comes_by_dns(endpoints_name: str) -> bool:
    """Whether endpoints of this name are resolved and not asked of a server."""
    return endpoints_name.startswith(_DNS)
