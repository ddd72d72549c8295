"""DestinationRule: subsets of a service and how connections to it are made (Istio networking/v1)."""

from typing import Literal

from tulle.api.networking.virtual_service import PortSelector
from tulle.api.struct import Fields


class HTTPCookie(Fields, frozen=True, kw_only=True):
    """The cookie that hashing goes by; Envoy makes it when a TTL is given."""

    name: str
    path: str = ""
    ttl: str | None = None
    attributes: tuple[dict[str, str], ...] = ()


class RingHash(Fields, frozen=True, kw_only=True):
    """Hashing on a ring."""

    minimum_ring_size: int = 1024


class MagLev(Fields, frozen=True, kw_only=True):
    """Hashing by Maglev's table."""

    table_size: int = 65537


class ConsistentHashLB(Fields, frozen=True, kw_only=True):
    """What a request is hashed by, and how."""

    http_header_name: str | None = None
    http_cookie: HTTPCookie | None = None
    use_source_ip: bool | None = None
    http_query_parameter_name: str | None = None
    ring_hash: RingHash | None = None
    maglev: MagLev | None = None
    minimum_ring_size: int = 0


class LocalityLoadBalancerSetting(Fields, frozen=True, kw_only=True):
    """How near and far localities share traffic."""

    distribute: tuple[dict[str, object], ...] = ()
    failover: tuple[dict[str, object], ...] = ()
    failover_priority: tuple[str, ...] = ()
    enabled: bool | None = None


class WarmupConfiguration(Fields, frozen=True, kw_only=True):
    """How a new endpoint gets its full share."""

    duration: str | None = None
    minimum_percent: float | None = None
    aggression: float | None = None


class LoadBalancerSettings(Fields, frozen=True, kw_only=True):
    """How an endpoint is chosen."""

    simple: Literal["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"] | None = None
    consistent_hash: ConsistentHashLB | None = None
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    zone_aware_lb_setting: dict[str, object] | None = None
    warmup_duration_secs: str | None = None
    warmup: WarmupConfiguration | None = None


class TcpKeepalive(Fields, frozen=True, kw_only=True):
    """Keep-alive probes of the kernel."""

    probes: int = 0
    time: str | None = None
    interval: str | None = None


class TCPSettings(Fields, frozen=True, kw_only=True):
    """Limits of connections."""

    max_connections: int = 0
    connect_timeout: str | None = None
    tcp_keepalive: TcpKeepalive | None = None
    max_connection_duration: str | None = None
    idle_timeout: str | None = None


class HTTPSettings(Fields, frozen=True, kw_only=True):
    """Limits of requests."""

    http1_max_pending_requests: int = 0
    http2_max_requests: int = 0
    max_requests_per_connection: int = 0
    max_retries: int = 0
    idle_timeout: str | None = None
    h2_upgrade_policy: Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"] = "DEFAULT"
    use_client_protocol: bool = False
    max_concurrent_streams: int = 0
    http2_keep_alive: dict[str, str] | None = None


class ConnectionPoolSettings(Fields, frozen=True, kw_only=True):
    """Limits per host of a service."""

    tcp: TCPSettings | None = None
    http: HTTPSettings | None = None


class OutlierDetection(Fields, frozen=True, kw_only=True):
    """When a host that fails is left out."""

    consecutive_errors: int = 0
    split_external_local_origin_errors: bool = False
    consecutive_local_origin_failures: int | None = None
    consecutive_gateway_errors: int | None = None
    consecutive5xx_errors: int | None = None
    interval: str | None = None
    base_ejection_time: str | None = None
    max_ejection_percent: int = 0
    min_health_percent: int = 0
    outlier_detection_http_error_codes: tuple[int, ...] = ()


class ClientTLSSettings(Fields, frozen=True, kw_only=True):
    """TLS towards the upstream."""

    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] = "DISABLE"
    client_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    credential_name: str = ""
    subject_alt_names: tuple[str, ...] = ()
    sni: str = ""
    insecure_skip_verify: bool | None = None
    ca_crl: str = ""


class TunnelSettings(Fields, frozen=True, kw_only=True):
    """A tunnel through another proxy."""

    protocol: str = ""
    target_host: str = ""
    target_port: int = 0


class ProxyProtocol(Fields, frozen=True, kw_only=True):
    """The PROXY protocol towards the upstream."""

    version: Literal["V1", "V2"] = "V1"


class RetryBudget(Fields, frozen=True, kw_only=True):
    """How many retries may be under way."""

    percent: float = 20.0
    min_retry_concurrency: int = 3
    budget_interval: str | None = None


class PortTrafficPolicy(Fields, frozen=True, kw_only=True):
    """A policy for one port; it replaces that of the whole, nothing is inherited."""

    port: PortSelector | None = None
    load_balancer: LoadBalancerSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTLSSettings | None = None


class TrafficPolicy(Fields, frozen=True, kw_only=True):
    """How connections to a service are made."""

    load_balancer: LoadBalancerSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTLSSettings | None = None
    port_level_settings: tuple[PortTrafficPolicy, ...] = ()
    tunnel: TunnelSettings | None = None
    proxy_protocol: ProxyProtocol | None = None
    retry_budget: RetryBudget | None = None


class Subset(Fields, frozen=True, kw_only=True):
    """The endpoints of a service that bear some labels."""

    name: str
    labels: dict[str, str] = {}
    traffic_policy: TrafficPolicy | None = None


class WorkloadSelector(Fields, frozen=True, kw_only=True):
    """Workloads by their labels."""

    match_labels: dict[str, str] = {}


class DestinationRule(Fields, frozen=True, kw_only=True):
    """Policies and subsets of a host."""

    host: str
    traffic_policy: TrafficPolicy | None = None
    subsets: tuple[Subset, ...] = ()
    export_to: tuple[str, ...] = ()
    workload_selector: WorkloadSelector | None = None
