"""A service as the registries yield it, whatever it was written as."""

from dataclasses import dataclass, field
from enum import Enum

from tulle.model.labels import Labels
from tulle.model.port import Port


class Resolution(Enum):
    """How the proxy finds the addresses of a service (Istio: ServiceEntry.Resolution)."""

    STATIC = "STATIC"  # endpoints come from the control plane (EDS)
    DNS = "DNS"  # the proxy resolves each endpoint's name, all addresses (STRICT_DNS)
    DNS_ROUND_ROBIN = "DNS_ROUND_ROBIN"  # the proxy uses one address at a time (LOGICAL_DNS)
    PASSTHROUGH = "NONE"  # the address that the caller asked for (ORIGINAL_DST)


class Location(Enum):
    """Whether a service is part of the mesh."""

    MESH_INTERNAL = "MESH_INTERNAL"
    MESH_EXTERNAL = "MESH_EXTERNAL"


@dataclass(frozen=True, slots=True)
class Service:
    """One host name and its ports. `address` is the virtual IP, or 0.0.0.0 when it has none."""

    hostname: str
    namespace: str
    ports: tuple[Port, ...]
    address: str = "0.0.0.0"
    resolution: Resolution = Resolution.STATIC
    location: Location = Location.MESH_INTERNAL
    headless: bool = False
    external_name: str = ""
    labels: Labels = field(default_factory=dict)
    selector: Labels = field(default_factory=dict)
    export_to: frozenset[str] = frozenset()  # empty: the mesh's default
    service_accounts: tuple[str, ...] = ()
    created: float = 0.0  # seconds since the epoch: the older of two services with one name wins
    source: str = ""  # registry and object, for people: `Service/default/reviews`

    def port(self, number: int) -> Port | None:
        """The port with this number."""
        return next((port for port in self.ports if port.number == number), None)
