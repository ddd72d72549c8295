"""THE LIST of kinds: everything that is read, checked, watched and documented follows from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tulle.api.core.endpoint_slice import EndpointSlice
from tulle.api.core.pod import Pod
from tulle.api.core.service import Namespace, Service
from tulle.api.header_rules import Finding
from tulle.api.mesh.mesh_config import MeshConfig
from tulle.api.networking.destination_rule import DestinationRule
from tulle.api.networking.gateway import Gateway
from tulle.api.networking.service_entry import ServiceEntry
from tulle.api.networking.sidecar import Sidecar
from tulle.api.networking.virtual_service import VirtualService
from tulle.api.networking.workload_entry import WorkloadEntry
from tulle.api.rules import RULES
from tulle.api.security.peer_authentication import PeerAuthentication

ISTIO_VERSIONS = ("v1", "v1beta1", "v1alpha3")
Validator = Callable[[Any], list[Finding]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource. `not_honoured`: fields (camel case, `[]` for any item) that nothing is made of yet."""

    name: str
    group: str
    versions: tuple[str, ...]
    struct: type
    namespaced: bool = True
    whole_body: bool = False  # the struct is all below the metadata, not only `spec`
    not_honoured: tuple[str, ...] = ()

    @property
    def validate(self) -> Validator:
        """The rules of the kind beyond its types."""
        return RULES.get(self.name, lambda _: [])

    def api_versions(self) -> tuple[str, ...]:
        """`group/version` for each version."""
        return tuple(f"{self.group}/{version}" if self.group else version for version in self.versions)


_POLICY_NOT_HONOURED = (
    "loadBalancer.consistentHash",
    "loadBalancer.localityLbSetting",
    "loadBalancer.zoneAwareLbSetting",
    "loadBalancer.warmup",
    "loadBalancer.warmupDurationSecs",
    "connectionPool.tcp.tcpKeepalive",
    "connectionPool.tcp.maxConnectionDuration",
    "connectionPool.tcp.idleTimeout",
    "connectionPool.http.idleTimeout",
    "connectionPool.http.useClientProtocol",
    "connectionPool.http.maxConcurrentStreams",
    "connectionPool.http.http2KeepAlive",
    "outlierDetection",
    "tls",
    "tunnel",
    "proxyProtocol",
    "retryBudget",
)
_NOT_PER_PORT = ("tunnel", "proxyProtocol", "retryBudget")
_POLICIES = ("spec.trafficPolicy", "spec.trafficPolicy.portLevelSettings[]", "spec.subsets[].trafficPolicy",
             "spec.subsets[].trafficPolicy.portLevelSettings[]")  # fmt: skip

KINDS: tuple[Kind, ...] = (
    Kind("MeshConfig", "mesh.istio.io", ("v1alpha1",), MeshConfig, not_honoured=tuple(
        f"spec.{name}" for name in (
            "tcpKeepalive", "ingressClass", "ingressService", "ingressSelector", "ingressControllerMode",
            "accessLogFormat", "accessLogEncoding", "enableEnvoyAccessLogService", "disableEnvoyListenerLog",
            "defaultConfig", "configSources", "trustDomain", "trustDomainAliases", "caCertificates",
            "localityLbSetting", "dnsRefreshRate", "inboundClusterStatName", "outboundClusterStatName",
            "certificates", "enablePrometheusMerge", "verifyCertificateAtClient", "extensionProviders",
            "defaultProviders", "discoverySelectors", "defaultHttpRetryPolicy.retryRemoteLocalities",
            "defaultHttpRetryPolicy.retryIgnorePreviousHosts", "defaultTrafficPolicy", "meshMtls",
            "tlsDefaults", "serviceSettings", "serviceScopeConfigs", "ca", "hboneIdleTimeout", "enableTracing",
            "enableAutoMtls", "inboundTrafficPolicy", "protocolDetectionTimeout", "h2UpgradePolicy",
        )
    )),
    Kind("Namespace", "", ("v1",), Namespace, namespaced=False),
    Kind("Service", "", ("v1",), Service),
    Kind("Pod", "", ("v1",), Pod, whole_body=True),
    Kind("EndpointSlice", "discovery.k8s.io", ("v1",), EndpointSlice, whole_body=True),
    Kind("ServiceEntry", "networking.istio.io", ISTIO_VERSIONS, ServiceEntry,
         not_honoured=("spec.subjectAltNames", "spec.endpoints[].network")),
    Kind("WorkloadEntry", "networking.istio.io", ISTIO_VERSIONS, WorkloadEntry, not_honoured=("spec.network",)),
    Kind("VirtualService", "networking.istio.io", ISTIO_VERSIONS, VirtualService, not_honoured=(
        "spec.tls", "spec.http[].retries.retryRemoteLocalities", "spec.http[].retries.retryIgnorePreviousHosts",
        "spec.http[].fault.delay.exponentialDelay", "spec.http[].fault.abort.http2Error",
        "spec.http[].mirror", "spec.http[].mirrors",
        "spec.http[].mirrorPercent", "spec.http[].mirrorPercentage",
        "spec.http[].delegate", "spec.http[].match[].statPrefix", "spec.tcp[].match[].sourceSubnet",
        "spec.tcp[].match[].destinationSubnets",
    )),
    Kind("DestinationRule", "networking.istio.io", ISTIO_VERSIONS, DestinationRule, not_honoured=(
        "spec.workloadSelector",
        *(f"{policy}.{name}" for policy in _POLICIES for name in _POLICY_NOT_HONOURED
          if not (policy.endswith("[]") and name in _NOT_PER_PORT)),
    )),
    Kind("Gateway", "networking.istio.io", ISTIO_VERSIONS, Gateway, not_honoured=(
        "spec.servers[].defaultEndpoint",
        *(f"spec.servers[].tls.{name}" for name in (
            "mode", "serverCertificate", "privateKey", "caCertificates", "caCrl", "credentialName",
            "credentialNames", "caCertCredentialName", "tlsCertificates", "subjectAltNames", "verifyCertificateSpki",
            "verifyCertificateHash", "minProtocolVersion", "maxProtocolVersion", "cipherSuites",
        )),
    )),
    Kind("Sidecar", "networking.istio.io", ISTIO_VERSIONS, Sidecar, not_honoured=(
        "spec.ingress[].captureMode", "spec.egress[].captureMode",
        "spec.ingress[].tls", "spec.ingress[].connectionPool", "spec.inboundConnectionPool",
        "spec.outboundTrafficPolicy.egressProxy",
    )),
    Kind("PeerAuthentication", "security.istio.io", ("v1", "v1beta1"), PeerAuthentication,
         not_honoured=("spec.mtls", "spec.portLevelMtls", "spec.selector")),
)  # fmt: skip

BY_TYPE: dict[tuple[str, str], Kind] = {
    (api_version, kind.name): kind for kind in KINDS for api_version in kind.api_versions()
}
# Groups whose kinds are for a mesh: one of them that is not in the list is worth a warning.
MESH_GROUPS = (
    "networking.istio.io",
    "security.istio.io",
    "telemetry.istio.io",
    "extensions.istio.io",
    "gateway.networking.k8s.io",
    "mesh.istio.io",
)


def honours(kind: Kind, path: str) -> bool:
    """Whether something is made of the field at `path` (`spec.http[].timeout`)."""
    return not any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in kind.not_honoured)
