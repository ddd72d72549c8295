"""The bootstrap that a proxy starts from: who it is, where its control plane is; the same for tulle and for Envoy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tulle.agent.workload import DOMAIN, Workload

XDS_CLUSTER = "xds-grpc"
HTTP_PROXY_PORT = 15007


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """A proxy and the places that it talks to; an admin port of 0 means any free one."""

    kind: str  # sidecar or router
    name: str
    address: str
    xds_address: tuple[str, int]
    namespace: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    service_account: str = "default"
    admin_address: tuple[str, int] = ("127.0.0.1", 0)
    delta: bool = True

    @property
    def node_id(self) -> str:
        """Istio's notation: kind, address, name.namespace, DNS domain."""
        where = f"{self.namespace}.svc.{DOMAIN}"
        return f"{self.kind}~{self.address}~{self.name}.{self.namespace}~{where}"


def sidecar_settings(workload: Workload, xds_address: tuple[str, int]) -> ProxySettings:
    """The proxy that stands beside a workload."""
    return ProxySettings(
        kind="sidecar",
        name=workload.unique_name,
        address=workload.address,
        xds_address=xds_address,
        namespace=workload.namespace,
        labels=workload.labels,
        service_account=workload.service,
    )


def _socket_address(address: tuple[str, int]) -> dict[str, object]:
    return {"socket_address": {"address": address[0], "port_value": address[1]}}


def _over_ads() -> dict[str, object]:
    return {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}


def _xds_cluster(address: tuple[str, int]) -> dict[str, object]:
    options = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    endpoint = {"endpoint": {"address": _socket_address(address)}}
    return {
        "name": XDS_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        "load_assignment": {"cluster_name": XDS_CLUSTER, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def render_bootstrap(settings: ProxySettings) -> dict[str, object]:
    """An Envoy bootstrap as plain values, ready to be written as YAML or JSON."""
    metadata = {
        "NAMESPACE": settings.namespace,
        "LABELS": dict(settings.labels),
        "SERVICE_ACCOUNT": settings.service_account,
        "INTERCEPTION_MODE": "NONE",
        "INSTANCE_IPS": settings.address,
        "CLUSTER_ID": "local",
    }
    ads = {
        "api_type": "DELTA_GRPC" if settings.delta else "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": XDS_CLUSTER}}],
    }
    cluster = f"{settings.labels.get('app', settings.name)}.{settings.namespace}"
    return {
        "node": {"id": settings.node_id, "cluster": cluster, "metadata": metadata},
        "admin": {"address": _socket_address(settings.admin_address)},
        "dynamic_resources": {"ads_config": ads, "cds_config": _over_ads(), "lds_config": _over_ads()},
        "static_resources": {"clusters": [_xds_cluster(settings.xds_address)]},
    }
