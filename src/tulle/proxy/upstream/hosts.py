"""The hosts of a cluster, by priority and locality, and what may happen to them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Locality = tuple[str, str, str]  # region, zone, sub-zone
NOWHERE: Locality = ("", "", "")

# Health flags, in Envoy's order and with the names under which /clusters shows them.
FAILED_ACTIVE_HC = 0x01
FAILED_OUTLIER_CHECK = 0x02
FAILED_EDS_HEALTH = 0x04
DEGRADED_ACTIVE_HC = 0x08
DEGRADED_EDS_HEALTH = 0x10
PENDING_DYNAMIC_REMOVAL = 0x20
PENDING_ACTIVE_HC = 0x40
EXCLUDED_VIA_IMMEDIATE_HC_FAIL = 0x80
ACTIVE_HC_TIMEOUT = 0x100
EDS_STATUS_DRAINING = 0x200

_FLAG_NAMES = {
    FAILED_ACTIVE_HC: "/failed_active_hc",
    FAILED_OUTLIER_CHECK: "/failed_outlier_check",
    FAILED_EDS_HEALTH: "/failed_eds_health",
    DEGRADED_ACTIVE_HC: "/degraded_active_hc",
    DEGRADED_EDS_HEALTH: "/degraded_eds_health",
    PENDING_DYNAMIC_REMOVAL: "/pending_dynamic_removal",
    PENDING_ACTIVE_HC: "/pending_active_hc",
    EXCLUDED_VIA_IMMEDIATE_HC_FAIL: "/excluded_via_immediate_hc_fail",
    ACTIVE_HC_TIMEOUT: "/active_hc_timeout",
    EDS_STATUS_DRAINING: "/eds_status_draining",
}

UNHEALTHY = FAILED_ACTIVE_HC | FAILED_OUTLIER_CHECK | FAILED_EDS_HEALTH | EDS_STATUS_DRAINING
DEGRADED = DEGRADED_ACTIVE_HC | DEGRADED_EDS_HEALTH
EXCLUDED = PENDING_ACTIVE_HC | EXCLUDED_VIA_IMMEDIATE_HC_FAIL | EDS_STATUS_DRAINING
NOT_HEALTHY = UNHEALTHY | DEGRADED
OF_EDS = FAILED_EDS_HEALTH | DEGRADED_EDS_HEALTH | EDS_STATUS_DRAINING


class Host:
    """One endpoint; the object lives as long as its cluster has the address.

    `address` is text as Envoy prints it (`1.2.3.4:80`, `[::1]:80`, a path). The counters are plain numbers that hot
    code changes; `pool` belongs to whoever keeps connections to the host.
    """

    __slots__ = (
        "address",
        "cx_active",
        "cx_connect_fail",
        "cx_total",
        "flags",
        "hostname",
        "locality",
        "metadata",
        "pool",
        "priority",
        "rq_active",
        "rq_error",
        "rq_pending_active",
        "rq_success",
        "rq_timeout",
        "rq_total",
        "source",
        "weight",
    )

    def __init__(self, address: str, hostname: str = "", weight: int = 1) -> None:
        self.address = address
        self.hostname = hostname
        self.weight = weight
        self.priority = 0
        self.locality = NOWHERE
        self.metadata: Mapping[str, Mapping[str, Any]] = {}
        self.flags = 0
        self.source = b""  # the LbEndpoint that the host was made from
        self.pool: object | None = None
        self.cx_active = 0
        self.cx_total = 0
        self.cx_connect_fail = 0
        self.rq_active = 0
        self.rq_pending_active = 0
        self.rq_total = 0
        self.rq_success = 0
        self.rq_error = 0
        self.rq_timeout = 0

    def __repr__(self) -> str:
        return f"Host({self.address})"

    @property
    def sockaddr(self) -> tuple[str, int] | str:
        """(IP, port) to connect to, or the path of a Unix socket."""
        return socket_address(self.address)

    @property
    def healthy(self) -> bool:
        """Whether it is a first choice."""
        return not self.flags & NOT_HEALTHY

    @property
    def canary(self) -> bool:
        """Whether its metadata says that it is one."""
        return self.metadata.get("envoy.lb", {}).get("canary") is True

    @property
    def health_flags(self) -> str:
        """As /clusters shows them."""
        return "".join(name for flag, name in _FLAG_NAMES.items() if self.flags & flag) or "healthy"

    @property
    def eds_health_status(self) -> str:
        """What the control plane said of it, as Envoy tells it: a timeout has become unhealthy."""
        if self.flags & FAILED_EDS_HEALTH:
            return "UNHEALTHY"
        if self.flags & EDS_STATUS_DRAINING:
            return "DRAINING"
        return "DEGRADED" if self.flags & DEGRADED_EDS_HEALTH else "HEALTHY"


def socket_address(address: str) -> tuple[str, int] | str:
    """`1.2.3.4:80` or `[::1]:80` → (IP, port); a path stays."""
    if address[:1] in ("/", "@"):
        return address
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


class Group(NamedTuple):
    """Hosts of one locality in one priority. `weight` is the locality's; 0: none was given."""

    locality: Locality
    weight: int
    hosts: list[Host]


class Level:
    """The hosts of one priority, sorted out by health; never changed, only replaced."""

    __slots__ = ("degraded", "excluded", "groups", "healthy", "hosts", "overprovisioning", "weighted_health")

    def __init__(
        self, groups: Sequence[Group] = (), overprovisioning: int = 140, weighted_health: bool = False
    ) -> None:
        self.groups = groups
        self.overprovisioning = overprovisioning  # percent
        self.weighted_health = weighted_health  # health is counted in weights, not in hosts
        self.hosts = groups[0].hosts if len(groups) == 1 else [host for group in groups for host in group.hosts]
        if any(host.flags for host in self.hosts):
            self.healthy = [host for host in self.hosts if not host.flags & NOT_HEALTHY]
            self.degraded = [host for host in self.hosts if host.flags & DEGRADED and not host.flags & UNHEALTHY]
            self.excluded = sum(1 for host in self.hosts if host.flags & EXCLUDED)
        else:
            self.healthy = self.hosts
            self.degraded = []
            self.excluded = 0

    def same_as(self, other: "Level") -> bool:
        """Whether the other has the same hosts in the same localities, in whatever order, and counts them the same."""
        if (self.overprovisioning, self.weighted_health) != (other.overprovisioning, other.weighted_health):
            return False
        if list(self.groups) == list(other.groups):
            return True
        if len(self.hosts) != len(other.hosts):
            return False
        return self._weights() == other._weights() and self.by_locality() == other.by_locality()

    def _weights(self) -> dict[Locality, int]:
        return {group.locality: group.weight for group in self.groups if group.hosts}

    def by_locality(self) -> dict[Locality, set[Host]]:
        """Every locality that has hosts."""
        found: dict[Locality, set[Host]] = {}
        for group in self.groups:
            if group.hosts:
                found.setdefault(group.locality, set()).update(group.hosts)
        return found


class HostChange(NamedTuple):
    """What an update did. `levels`: the priorities whose hosts, weights or health are no longer the same."""

    added: Sequence[Host]
    removed: Sequence[Host]
    levels: Sequence[int]
    membership_changes: int = 0  # priorities that hosts joined, left or changed their locality in, as Envoy counts


_EMPTY = Level()


class HostSet:
    """All hosts of a cluster. `levels[n]` holds those of priority n; there is always a level 0."""

    __slots__ = ("levels",)

    def __init__(self) -> None:
        self.levels: list[Level] = [Level()]

    def __len__(self) -> int:
        return sum(len(level.hosts) for level in self.levels)

    def __iter__(self) -> Iterator[Host]:
        for level in self.levels:
            yield from level.hosts

    def replace(self, levels: Sequence[Level], touched: Sequence[int] = ()) -> HostChange:
        """Takes the new levels over where they differ; `touched`: priorities of hosts that were changed in place.

        A level that is the same as before keeps its object, so that what is built on it stays.
        """
        before, old_hosts = self.levels, set(self)
        changed: list[int] = []
        membership_changes = 0
        result: list[Level] = []
        for priority in range(max(len(before), len(levels))):
            old = before[priority] if priority < len(before) else _EMPTY
            new = levels[priority] if priority < len(levels) else _EMPTY
            if priority < len(before) and priority not in touched and new.same_as(old):
                result.append(old)
                continue
            result.append(new)
            changed.append(priority)
            membership_changes += old.by_locality() != new.by_locality()
        self.levels = result
        if not changed:
            return HostChange((), (), ())
        new_hosts = set(self)
        added = [host for host in self if host not in old_hosts]
        removed = [host for level in before for host in level.hosts if host not in new_hosts]
        return HostChange(added, removed, changed, membership_changes)

    def refresh(self, hosts: Sequence[Host]) -> HostChange:
        """The health of these hosts changed: their levels are sorted out anew."""
        priorities = sorted({host.priority for host in hosts})
        levels = list(self.levels)
        for priority in priorities:
            old = levels[priority]
            levels[priority] = Level(old.groups, old.overprovisioning, old.weighted_health)
        self.levels = levels
        return HostChange((), (), priorities)
