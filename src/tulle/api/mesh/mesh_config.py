"""MeshConfig: settings of the whole mesh (Istio mesh/v1alpha1)."""

from typing import Literal

from tulle.api.networking.destination_rule import ConnectionPoolSettings, OutlierDetection, TcpKeepalive
from tulle.api.networking.virtual_service import HTTPRetry
from tulle.api.struct import Fields

Opaque = dict[str, object]


class OutboundTrafficPolicy(Fields, frozen=True, kw_only=True):
    """What happens to traffic for unknown hosts."""

    mode: Literal["REGISTRY_ONLY", "ALLOW_ANY", "ALLOW_ANY_DYNAMIC_DNS"] = "ALLOW_ANY"


class InboundTrafficPolicy(Fields, frozen=True, kw_only=True):
    """Where traffic for a port that no service has is sent."""

    mode: Literal["PASSTHROUGH", "LOCALHOST"] = "PASSTHROUGH"


class PathNormalization(Fields, frozen=True, kw_only=True):
    """What is done to paths before they are matched."""

    normalization: Literal["DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] = "DEFAULT"


class DefaultTrafficPolicy(Fields, frozen=True, kw_only=True):
    """What a service without a DestinationRule gets."""

    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None


class MeshConfig(Fields, frozen=True, kw_only=True):
    """Istio's defaults stand beside the fields."""

    proxy_listen_port: int = 15001
    proxy_inbound_listen_port: int = 15006
    proxy_http_port: int = 0
    connect_timeout: str = "10s"
    protocol_detection_timeout: str = "0s"
    tcp_keepalive: TcpKeepalive | None = None
    ingress_class: str = "istio"
    ingress_service: str = "istio-ingressgateway"
    ingress_selector: str = ""
    ingress_controller_mode: Literal["UNSPECIFIED", "OFF", "DEFAULT", "STRICT"] = "STRICT"
    enable_tracing: bool = True
    access_log_file: str = ""
    access_log_format: str = ""
    access_log_encoding: Literal["TEXT", "JSON"] = "TEXT"
    enable_envoy_access_log_service: bool = False
    disable_envoy_listener_log: bool = False
    default_config: Opaque | None = None
    outbound_traffic_policy: OutboundTrafficPolicy = OutboundTrafficPolicy()
    inbound_traffic_policy: InboundTrafficPolicy = InboundTrafficPolicy()
    config_sources: tuple[Opaque, ...] = ()
    enable_auto_mtls: bool = True
    trust_domain: str = "cluster.local"
    trust_domain_aliases: tuple[str, ...] = ()
    ca_certificates: tuple[Opaque, ...] = ()
    default_service_export_to: tuple[str, ...] = ("*",)
    default_virtual_service_export_to: tuple[str, ...] = ("*",)
    default_destination_rule_export_to: tuple[str, ...] = ("*",)
    root_namespace: str = "istio-system"
    locality_lb_setting: Opaque | None = None
    dns_refresh_rate: str = "60s"
    h2_upgrade_policy: Literal["DO_NOT_UPGRADE", "UPGRADE"] = "DO_NOT_UPGRADE"
    inbound_cluster_stat_name: str = ""
    outbound_cluster_stat_name: str = ""
    certificates: tuple[Opaque, ...] = ()
    enable_prometheus_merge: bool = True
    verify_certificate_at_client: bool = False
    extension_providers: tuple[Opaque, ...] = ()
    default_providers: Opaque | None = None
    discovery_selectors: tuple[Opaque, ...] = ()
    path_normalization: PathNormalization = PathNormalization()
    default_http_retry_policy: HTTPRetry | None = None
    default_traffic_policy: DefaultTrafficPolicy | None = None
    mesh_mtls: Opaque | None = None
    tls_defaults: Opaque | None = None
    service_settings: tuple[Opaque, ...] = ()
    service_scope_configs: tuple[Opaque, ...] = ()
    ca: Opaque | None = None
    hbone_idle_timeout: str = ""
