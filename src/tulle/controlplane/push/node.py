"""A proxy as the control plane sees it, read from the node of its xDS requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from google.protobuf.json_format import MessageToDict

from tulle.model.labels import Labels
from tulle.protos.messages import Node as ProtoNode
from tulle.protos.pool import pool

SIDECAR = "sidecar"
ROUTER = "router"


@dataclass(frozen=True, slots=True)
class Node:
    """Who asks for configuration; `kind` is sidecar or router."""

    id: str
    kind: str = SIDECAR
    ip_addresses: tuple[str, ...] = ()
    namespace: str = "default"
    labels: Labels = field(default_factory=dict)
    service_account: str = ""
    dns_domain: str = ""
    interception_mode: str = "REDIRECT"
    http_proxy_port: int = 15007
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The first address: where the proxy binds when it is told to bind."""
        return self.ip_addresses[0] if self.ip_addresses else "127.0.0.1"

    @property
    def explicit(self) -> bool:
        """Whether nothing is redirected to the proxy, so that it listens only where it is told."""
        return self.interception_mode == "NONE"


def parse_node(message: ProtoNode) -> Node:
    """Istio's id `sidecar~IP~name.namespace~domain`, or any other id, with the metadata that Istio's agents send."""
    metadata = MessageToDict(message.metadata, descriptor_pool=pool())
    parts = message.id.split("~")
    known = len(parts) == 4 and parts[0] in (SIDECAR, ROUTER)
    kind, address, name, domain = parts if known else (SIDECAR, "", message.id, "")
    addresses = [item for item in str(metadata.get("INSTANCE_IPS", "")).split(",") if item]
    labels = metadata.get("LABELS")
    namespace = name.rpartition(".")[2] if known else "default"
    return Node(
        id=message.id,
        kind=kind,
        ip_addresses=tuple(addresses) or ((address,) if address else ()),
        namespace=str(metadata.get("NAMESPACE") or namespace),
        labels={key: str(value) for key, value in labels.items()} if isinstance(labels, dict) else {},
        service_account=str(metadata.get("SERVICE_ACCOUNT", "")),
        dns_domain=domain,
        interception_mode=str(metadata.get("INTERCEPTION_MODE", "REDIRECT")),
        http_proxy_port=int(float(str(metadata.get("HTTP_PROXY_PORT", 15007)))),
        metadata=metadata,
    )
