"""From a request to a host: priority by health, then locality by weight, then the policy's turn."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tulle.proxy.upstream.cluster_stats import ClusterStats
from tulle.proxy.upstream.hosts import Host, HostSet, Level
from tulle.proxy.upstream.lb.edf import EdfSchedule
from tulle.proxy.upstream.lb.localities import LocalityHosts, localities_of
from tulle.proxy.upstream.lb.picking import NO_HOSTS, Choice, PickContext, Picker, Policy
from tulle.proxy.upstream.priorities import ALL, DEGRADED, PriorityLoads, health_of, spread_load

# Every worker and every cluster in it starts somewhere else.
_RANDOM = Random()


class BalancerSettings(NamedTuple):
    """What a cluster says of its balancing beside the policy."""

    policy: Policy
    panic_threshold: int = 50  # percent; Envoy: healthy_panic_threshold
    fail_on_panic: bool = False
    by_locality: bool = False  # locality weights count


class Balancer:
    """Picks hosts of one cluster. Pickers are built when they are first needed, and again when their hosts change."""

    __slots__ = (
        "_direct",
        "_hosts",
        "_loads",
        "_pickers",
        "_random",
        "_schedules",
        "_settings",
        "_stale",
        "_stats",
    )

    def __init__(
        self, hosts: HostSet, settings: BalancerSettings, stats: ClusterStats, random: Random = _RANDOM
    ) -> None:
        self._hosts = hosts
        self._settings = settings
        self._stats = stats
        self._random = random
        self._loads: PriorityLoads | None = None
        self._direct: Picker | None = None  # where everything goes, when nothing is to be decided
        self._pickers: dict[_Source, Picker] = {}
        self._stale: dict[_Source, Picker] = {}
        self._schedules: dict[tuple[int, int], EdfSchedule[_Weighted] | None] = {}

    def pick(self, context: PickContext | None) -> Host | None:
        """A host; None when there is none to use."""
        direct = self._direct
        if direct is not None:
            return direct.pick(context)
        if self._loads is None:
            self._settle()
            if self._direct is not None:
                return self._direct.pick(context)
        return self._pick_by_load(context)

    def refresh(self, levels: Sequence[int]) -> None:
        """The hosts of these priorities changed."""
        self._loads = None
        self._direct = None
        for source in [source for source in self._pickers if source[0] in levels]:
            self._stale[source] = self._pickers.pop(source)
        for key in [key for key in self._schedules if key[0] in levels]:
            del self._schedules[key]

    def _settle(self) -> None:
        """Works out the loads, and whether one picker gets everything."""
        levels = self._hosts.levels
        loads = self._loads = spread_load([health_of(level) for level in levels], self._settings.panic_threshold)
        only = loads.only()
        if only is None or only[1] == ALL:
            return
        priority, kind = only
        if self._schedule(priority, kind) is None:
            self._direct = self._picker((priority, kind, None))

    def _pick_by_load(self, context: PickContext | None) -> Host | None:
        loads = self._loads
        assert loads is not None, "settled before"
        hash_value = context.hash if context is not None and self._settings.policy.hashes else None
        number = hash_value if hash_value is not None else self._random.getrandbits(64)
        priority, kind = loads.choose(number)
        if kind == ALL:
            self._stats.lb_healthy_panic.value += 1
            if self._settings.fail_on_panic and not self._settings.policy.hashes:
                return None
            return self._picker((priority, ALL, None)).pick(context)
        schedule = self._schedule(priority, kind)
        locality = schedule.pick().hosts if schedule is not None else None
        return self._picker((priority, kind, locality)).pick(context)

    def _schedule(self, priority: int, kind: int) -> "EdfSchedule[_Weighted] | None":
        """The turns of the localities of a priority; None when their weights do not count."""
        if not self._settings.by_locality or self._settings.policy.hashes:
            return None
        key = (priority, kind)
        if key not in self._schedules:
            self._schedules[key] = self._build_schedule(self._hosts.levels[priority], kind)
        return self._schedules[key]

    def _build_schedule(self, level: Level, kind: int) -> "EdfSchedule[_Weighted] | None":
        weighted: list[_Weighted] = []
        for locality in localities_of(level):
            weight = locality.effective_weight(level.overprovisioning, kind == DEGRADED)
            if weight > 0:
                weighted.append(_Weighted(locality, weight))
        return EdfSchedule(weighted, _weight_of, self._random.random()) if weighted else None

    def _picker(self, source: "_Source") -> Picker:
        picker = self._pickers.get(source)
        if picker is None:
            picker = self._pickers[source] = self._build_picker(source)
        return picker

    def _build_picker(self, source: "_Source") -> Picker:
        priority, kind, locality = source
        level = self._hosts.levels[priority]
        members = level if locality is None else locality
        policy = self._settings.policy
        if kind == DEGRADED and not policy.hashes:  # tables hold healthy hosts only, as Envoy's do
            hosts = members.degraded
        else:
            hosts = level.hosts if kind == ALL else members.healthy
        if not hosts:
            return NO_HOSTS
        before = self._stale.pop(source, None)
        return policy.build(Choice(hosts, level, self._stats, kind == ALL), self._random, before)


class _Weighted(NamedTuple):
    hosts: LocalityHosts
    weight: float


def _weight_of(locality: _Weighted) -> float:
    return locality.weight


_Source = tuple[int, int, LocalityHosts | None]  # priority, HEALTHY | DEGRADED | ALL, locality
