"""The localities of a priority, in Envoy's order, with what each can bear."""

from collections.abc import Sequence

from tulle.proxy.upstream.hosts import DEGRADED, EXCLUDED, NOT_HEALTHY, UNHEALTHY, Host, Level, Locality


class LocalityHosts:
    """The hosts of one locality in one priority."""

    __slots__ = ("degraded", "excluded", "healthy", "hosts", "locality", "weight")

    def __init__(self, locality: Locality, weight: int, hosts: Sequence[Host]) -> None:
        self.locality = locality
        self.weight = weight
        self.hosts = hosts
        self.healthy = [host for host in hosts if not host.flags & NOT_HEALTHY]
        self.degraded = [host for host in hosts if host.flags & DEGRADED and not host.flags & UNHEALTHY]
        self.excluded = sum(1 for host in hosts if host.flags & EXCLUDED)

    def effective_weight(self, overprovisioning: int, degraded: bool = False) -> float:
        """The weight, less where too few hosts can be used (Envoy: locality_wrr.cc)."""
        count = len(self.hosts) - self.excluded
        if not count:
            return 0.0
        usable = len(self.degraded if degraded else self.healthy) / count
        return self.weight * min(1.0, overprovisioning / 100.0 * usable)


def localities_of(level: Level) -> list[LocalityHosts]:
    """Sorted by region, zone and sub-zone; groups of the same locality are one."""
    found: dict[Locality, tuple[int, list[Host]]] = {}
    for group in level.groups:
        weight, hosts = found.get(group.locality, (0, []))
        found[group.locality] = (group.weight or weight, [*hosts, *group.hosts])
    return [LocalityHosts(locality, *found[locality]) for locality in sorted(found)]
