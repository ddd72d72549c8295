"""PeerAuthentication: whether connections must prove who they come from (Istio security/v1)."""

from typing import Literal

from tulle.api.networking.destination_rule import WorkloadSelector
from tulle.api.struct import Fields


class MutualTLS(Fields, frozen=True, kw_only=True):
    """What a workload accepts."""

    mode: Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"] = "UNSET"


class PeerAuthentication(Fields, frozen=True, kw_only=True):
    """The mode of the mesh, a namespace, some workloads, or single ports of them."""

    selector: WorkloadSelector | None = None
    mtls: MutualTLS | None = None
    port_level_mtls: dict[str, MutualTLS] = {}
