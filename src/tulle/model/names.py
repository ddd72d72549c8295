"""Names of xDS resources, in Istio's notation; they are made and read here only."""

from dataclasses import dataclass

BLACK_HOLE_CLUSTER = "BlackHoleCluster"
PASSTHROUGH_CLUSTER = "PassthroughCluster"
INBOUND_PASSTHROUGH_CLUSTER = "InboundPassthroughCluster"
VIRTUAL_OUTBOUND = "virtualOutbound"
VIRTUAL_INBOUND = "virtualInbound"
HTTP_PROXY_ROUTES = "http_proxy"
MESH_GATEWAY = "mesh"
CLUSTER_DOMAIN = "cluster.local"

OUTBOUND = "outbound"
INBOUND = "inbound"


@dataclass(frozen=True, slots=True)
class ClusterName:
    """The parts of `outbound|9080|v1|reviews.default.svc.cluster.local`."""

    direction: str
    port: int
    subset: str
    hostname: str

    def __str__(self) -> str:
        return f"{self.direction}|{self.port}|{self.subset}|{self.hostname}"


def outbound_cluster(hostname: str, port: int, subset: str = "") -> str:
    """The cluster that carries traffic to a service."""
    return f"{OUTBOUND}|{port}|{subset}|{hostname}"


def inbound_cluster(port: int) -> str:
    """The cluster of the application behind a sidecar; its host name is empty."""
    return f"{INBOUND}|{port}||"


def parse_cluster_name(name: str) -> ClusterName | None:
    """The parts of a cluster's name; None for one that does not follow the notation (BlackHoleCluster …)."""
    parts = name.split("|")
    if len(parts) != 4 or not parts[1].isdigit():
        return None
    return ClusterName(parts[0], int(parts[1]), parts[2], parts[3])


def outbound_listener(address: str, port: int) -> str:
    """`0.0.0.0_80` for a wildcard, `10.0.0.1_443` for a virtual IP."""
    return f"{address}_{port}"


def gateway_routes(port: int) -> str:
    """The route configuration of a plain HTTP port of a gateway."""
    return f"http.{port}"


def gateway_tls_routes(port: int, port_name: str, gateway: str, namespace: str) -> str:
    """The route configuration of one HTTPS server of a gateway."""
    return f"https.{port}.{port_name}.{gateway}.{namespace}"
