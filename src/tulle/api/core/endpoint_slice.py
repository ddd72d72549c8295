"""EndpointSlice (Kubernetes discovery.k8s.io/v1), as far as a registry reads it."""

from tulle.api.struct import ReadFields


class EndpointConditions(ReadFields, frozen=True, kw_only=True):
    """How an endpoint is; what is not said counts as good."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(ReadFields, frozen=True, kw_only=True):
    """The object behind an endpoint."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class SliceEndpoint(ReadFields, frozen=True, kw_only=True):
    """Addresses of one workload."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef | None = None
    zone: str = ""


class EndpointPort(ReadFields, frozen=True, kw_only=True):
    """A port that all endpoints of the slice have."""

    port: int
    name: str = ""
    protocol: str = "TCP"


class EndpointSlice(ReadFields, frozen=True, kw_only=True):
    """The parts of a slice below its metadata; the label `kubernetes.io/service-name` names its service."""

    endpoints: tuple[SliceEndpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()
    address_type: str = "IPv4"
