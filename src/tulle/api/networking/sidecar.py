"""Sidecar: what a sidecar listens on and what it knows of the mesh (Istio networking/v1)."""

from typing import Literal

from tulle.api.networking.destination_rule import ConnectionPoolSettings
from tulle.api.networking.gateway import Port, ServerTLSSettings
from tulle.api.networking.service_entry import WorkloadSelector
from tulle.api.networking.virtual_service import Destination
from tulle.api.struct import Fields

CaptureMode = Literal["DEFAULT", "IPTABLES", "NONE"]


class IstioIngressListener(Fields, frozen=True, kw_only=True):
    """A listener for what comes to the workload."""

    port: Port
    bind: str = ""
    capture_mode: CaptureMode = "DEFAULT"
    default_endpoint: str = ""
    tls: ServerTLSSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None


class IstioEgressListener(Fields, frozen=True, kw_only=True):
    """A listener for what the workload calls; without a port, all that no other listener has."""

    hosts: tuple[str, ...]
    port: Port | None = None
    bind: str = ""
    capture_mode: CaptureMode = "DEFAULT"


class OutboundTrafficPolicy(Fields, frozen=True, kw_only=True):
    """What happens to traffic for unknown hosts."""

    mode: Literal["REGISTRY_ONLY", "ALLOW_ANY"] = "REGISTRY_ONLY"
    egress_proxy: Destination | None = None


class Sidecar(Fields, frozen=True, kw_only=True):
    """The scope of the sidecars of a namespace, or of some workloads of it."""

    workload_selector: WorkloadSelector | None = None
    ingress: tuple[IstioIngressListener, ...] = ()
    egress: tuple[IstioEgressListener, ...] = ()
    inbound_connection_pool: ConnectionPoolSettings | None = None
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
