"""How the load is spread over the priorities of a cluster: Envoy's arithmetic, in whole percents.

Envoy: common/load_balancer_impl.cc. The tables in its documentation round differently.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tulle.proxy.upstream.hosts import EXCLUDED, Level

HEALTHY, DEGRADED, ALL = 0, 1, 2  # which hosts of a level


class LevelHealth(NamedTuple):
    """What the load depends on. Counts are of hosts, or of their weights when a level says so."""

    total: int  # without those that are excluded
    healthy: int
    degraded: int
    overprovisioning: int = 140  # percent
    hosts: int = -1  # all hosts, the excluded ones too; -1: as many as `total`
    panic_health: float = -1.0  # percent of hosts that can be used; -1: by the counts


class PriorityLoads(NamedTuple):
    """Percents by priority; healthy and degraded together make 100."""

    healthy: Sequence[int]
    degraded: Sequence[int]
    panic: Sequence[bool]

    def choose(self, number: int) -> tuple[int, int]:
        """The priority that a random number or a hash falls to, and HEALTHY, DEGRADED or ALL (panic)."""
        percent = number % 100 + 1
        reached = 0
        for kind, loads in ((HEALTHY, self.healthy), (DEGRADED, self.degraded)):
            for priority, load in enumerate(loads):
                reached += load
                if percent <= reached:
                    return priority, ALL if self.panic[priority] else kind
        raise AssertionError("the loads make 100 percent")

    def only(self) -> tuple[int, int] | None:
        """The priority and the kind that gets everything, if one does."""
        for kind, loads in ((HEALTHY, self.healthy), (DEGRADED, self.degraded)):
            for priority, load in enumerate(loads):
                if load == 100:
                    return priority, ALL if self.panic[priority] else kind
        return None


def health_of(level: Level) -> LevelHealth:
    """The numbers of a level."""
    hosts = len(level.hosts)
    count = hosts - level.excluded
    usable = 100.0 * (len(level.healthy) + len(level.degraded)) / count if count else 0.0
    if not level.weighted_health:
        return LevelHealth(count, len(level.healthy), len(level.degraded), level.overprovisioning, hosts, usable)
    return LevelHealth(
        sum(host.weight for host in level.hosts if not host.flags & EXCLUDED),
        sum(host.weight for host in level.healthy),
        sum(host.weight for host in level.degraded),
        level.overprovisioning,
        hosts,
        usable,
    )


def spread_load(levels: Sequence[LevelHealth], panic_threshold: float) -> PriorityLoads:
    """The load of each level. `panic_threshold` in percent; 0: never panic."""
    healthy = [_availability(level, level.healthy) for level in levels]
    degraded = [_availability(level, level.degraded) for level in levels]
    available = min(100, sum(healthy) + sum(degraded))
    healthy_loads, degraded_loads = _by_health(healthy, degraded, available)
    panic = [False] * len(levels)
    if panic_threshold == 0 and available == 0:
        # Nobody can be used and panic is off: all the load goes to level 0, which then finds no host.
        healthy_loads[0] = 100
        return PriorityLoads(healthy_loads, degraded_loads, panic)
    if available < 100:
        panic = [_usable_percent(level) < panic_threshold for level in levels]
    if all(panic):
        return PriorityLoads(_by_count(levels), [0] * len(levels), panic)
    if available == 0:
        healthy_loads[0] = 100
    return PriorityLoads(healthy_loads, degraded_loads, panic)


def _availability(level: LevelHealth, count: int) -> int:
    return min(100, level.overprovisioning * count // level.total) if level.total else 0


def _usable_percent(level: LevelHealth) -> float:
    if level.panic_health >= 0:
        return level.panic_health
    return 100.0 * (level.healthy + level.degraded) / level.total if level.total else 0.0


def _by_health(healthy: Sequence[int], degraded: Sequence[int], available: int) -> tuple[list[int], list[int]]:
    if available == 0:
        return [0] * len(healthy), [0] * len(degraded)
    healthy_loads, left = _distribute(healthy, 100, available)
    degraded_loads, left = _distribute(degraded, left, available)
    if left:  # what rounding left over
        first = next((at for at, percent in enumerate(healthy) if percent), None)
        if first is not None:
            healthy_loads[first] += left
        else:
            degraded_loads[next(at for at, percent in enumerate(degraded) if percent)] += left
    return healthy_loads, degraded_loads


def _distribute(availability: Sequence[int], left: int, available: int) -> tuple[list[int], int]:
    loads: list[int] = []
    for percent in availability:
        load = min(left, percent * 100 // available)
        loads.append(load)
        left -= load
    return loads, left


def _by_count(levels: Sequence[LevelHealth]) -> list[int]:
    """Every level panics: each gets its share of the hosts."""
    counts = [level.total if level.hosts < 0 else level.hosts for level in levels]
    total = sum(counts)
    if not total:
        return [100, *[0] * (len(levels) - 1)]
    loads = [100 * count // total for count in counts]
    first = next(at for at, count in enumerate(counts) if count)
    loads[first] += 100 - sum(loads)
    return loads
