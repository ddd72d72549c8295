"""EndpointSlice (Kubernetes discovery.k8s.io/v1), as far as a registry reads it."""

from tulle.api.struct import ReadFields


class EndpointConditions(ReadFields, frozen=True, kw_only=True):
    """How an endpoint is; what is not said counts as good."""

    ready: bool | None = None
    terminating: bool | None = None

    @property
    def takes_traffic(self) -> bool:
        """Whether it may get new requests; one that ends may when it says that it is ready."""
        return not self.terminating if self.ready is None else self.ready


class SliceEndpoint(ReadFields, frozen=True, kw_only=True):
    """Addresses of one workload."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()


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
