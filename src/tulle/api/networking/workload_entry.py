"""WorkloadEntry: a workload that no platform knows (Istio networking/v1)."""

from tulle.api.struct import Fields


class WorkloadEntry(Fields, frozen=True, kw_only=True):
    """The address of a workload and what it is."""

    address: str = ""
    ports: dict[str, int] = {}
    labels: dict[str, str] = {}
    network: str = ""
    locality: str = ""
    weight: int = 0
    service_account: str = ""
