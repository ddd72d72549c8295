"""What the admin pages may see and do; the composition root provides it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tulle.protos.messages import ConfigDump, ServerInfo
from tulle.proxy.telemetry.merge import MergedStats
from tulle.proxy.telemetry.tags import TagExtractor

Bins = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class HostView:
    """One endpoint of a cluster, its numbers summed over all workers."""

    address: str  # "ip:port", "[ip]:port" or a path
    counters: Mapping[str, int]
    gauges: Mapping[str, int]
    hostname: str = ""
    healthy: bool = True
    health_flags: str = "healthy"
    eds_health_status: str = "HEALTHY"
    weight: int = 1
    priority: int = 0
    locality: tuple[str, str, str] = ("", "", "")
    canary: bool = False


@dataclass(frozen=True, slots=True)
class ClusterView:
    """One cluster. `thresholds`: priority ("default", "high") → limit → number."""

    name: str
    observability_name: str
    added_via_api: bool
    thresholds: Mapping[str, Mapping[str, int]]
    hosts: Sequence[HostView] = ()
    eds_service_name: str = ""


@dataclass(frozen=True, slots=True)
class ListenerView:
    """One listener and the addresses that it is bound to."""

    name: str
    addresses: Sequence[str]


@dataclass(frozen=True, slots=True)
class StatsView:
    """All stats, and for histograms also the samples since the last flush."""

    values: MergedStats
    intervals: Mapping[str, Bins] = field(default_factory=dict)


class ProxyView(Protocol):
    """The running proxy."""

    @property
    def state(self) -> str:
        """LIVE, DRAINING, PRE_INITIALIZING or INITIALIZING."""

    @property
    def tags(self) -> TagExtractor:
        """How stat names become tags."""

    async def stats(self) -> StatsView: ...

    async def clusters(self) -> Sequence[ClusterView]: ...

    def listeners(self) -> Sequence[ListenerView]: ...

    def server_info(self) -> ServerInfo: ...

    def config_dump(self, include_endpoints: bool) -> ConfigDump: ...

    def memory_bytes(self) -> Mapping[str, int]: ...

    async def reset_counters(self) -> None: ...

    def fail_health_check(self, failed: bool) -> None: ...

    def drain_listeners(self, inbound_only: bool, graceful: bool, skip_exit: bool) -> None: ...

    def reopen_logs(self) -> None: ...

    def set_log_level(self, level: str) -> None: ...

    def log_levels(self) -> Mapping[str, str]: ...

    def quit(self) -> None: ...
