"""An address that serves one port of one service."""

from dataclasses import dataclass, field
from enum import Enum

from tulle.model.labels import Labels


class Health(Enum):
    """What the registry knows of an endpoint's health."""

    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    DRAINING = "DRAINING"


@dataclass(frozen=True, slots=True)
class Locality:
    """Where something runs, from the large to the small."""

    region: str = ""
    zone: str = ""
    subzone: str = ""

    @classmethod
    def parse(cls, text: str) -> "Locality":
        """From Istio's notation `region/zone/subzone`."""
        return cls(*text.split("/", 2)) if text else cls()

    def __str__(self) -> str:
        return "/".join(part for part in (self.region, self.zone, self.subzone) if part)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a workload serves `service_port` of `hostname`. `address` is an IP, a DNS name or `unix:` and a path."""

    hostname: str
    namespace: str
    service_port: int
    address: str
    port: int
    labels: Labels = field(default_factory=dict)
    weight: int = 1
    locality: Locality = Locality()
    service_account: str = ""
    network: str = ""
    health: Health = Health.HEALTHY
    workload: str = ""  # the name of the workload, for people and telemetry
    workload_namespace: str = ""
