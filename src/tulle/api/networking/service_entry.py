"""ServiceEntry: a service that no platform knows (Istio networking/v1)."""

from typing import Literal

from tulle.api.networking.gateway import Port
from tulle.api.networking.workload_entry import WorkloadEntry
from tulle.api.struct import Fields


class WorkloadSelector(Fields, frozen=True, kw_only=True):
    """Workloads by their labels."""

    labels: dict[str, str] = {}


class ServiceEntry(Fields, frozen=True, kw_only=True):
    """Hosts, their ports, and how their addresses are found."""

    hosts: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    location: Literal["MESH_EXTERNAL", "MESH_INTERNAL"] = "MESH_EXTERNAL"
    resolution: Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"] = "NONE"
    endpoints: tuple[WorkloadEntry, ...] = ()
    workload_selector: WorkloadSelector | None = None
    export_to: tuple[str, ...] = ()
    subject_alt_names: tuple[str, ...] = ()
