"""From a request to a host."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.unit.proxy.upstream.worlds import assignment_bytes, endpoint, group
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster_stats import ClusterStats
from tulle.proxy.upstream.hosts import Host, HostSet
from tulle.proxy.upstream.lb.balancer import Balancer, BalancerSettings
from tulle.proxy.upstream.lb.maglev import Maglev
from tulle.proxy.upstream.lb.picking import PickContext
from tulle.proxy.upstream.lb.policies import RANDOM, ROUND_ROBIN
from tulle.proxy.upstream.lb.ring_hash import RingHash
from tulle.proxy.upstream.load_assignment import apply_assignment


class _World:
    def __init__(self, *groups: dict[str, Any], **settings: Any) -> None:
        self.hosts = HostSet()
        apply_assignment(self.hosts, assignment_bytes(*groups))
        self.stats = ClusterStats(StatsStore(), "cluster.c.")
        settings.setdefault("policy", ROUND_ROBIN)
        self.balancer = Balancer(self.hosts, BalancerSettings(**settings), self.stats, Random(11))

    def update(self, *groups: dict[str, Any]) -> None:
        self.balancer.refresh(apply_assignment(self.hosts, assignment_bytes(*groups)).levels)

    def shares(self, count: int = 10000) -> dict[int, float]:
        """Port → the share of the picks that fall to it; 0 stands for no host."""
        picks: Counter[int] = Counter()
        for _ in range(count):
            host = self.balancer.pick(None)
            picks[int(host.address.rpartition(":")[2]) if host else 0] += 1
        return {port: number / count for port, number in sorted(picks.items())}


def _bad(*ports: int, status: str = "UNHEALTHY") -> list[dict[str, Any]]:
    return [endpoint(port, health_status=status) for port in ports]


def test_a_healthy_first_priority_gets_everything() -> None:
    assert _World(group(1, 2), group(3, priority=1)).shares() == {1: 0.5, 2: 0.5}


def test_unhealthy_hosts_get_nothing_while_there_are_enough_others() -> None:
    world = _World(group(1, 2, 3, *_bad(4)))
    assert set(world.shares()) == {1, 2, 3}
    assert world.stats.lb_healthy_panic.value == 0


def test_load_spills_to_the_next_priority_by_the_formula() -> None:
    world = _World(group(1, *_bad(2, 3, 4)), group(5, priority=1))
    shares = world.shares()
    assert shares[1] == pytest.approx(0.35, abs=0.02)
    assert shares[5] == pytest.approx(0.65, abs=0.02)


def test_in_panic_all_hosts_of_the_level_are_used_and_counted() -> None:
    world = _World(group(1, *_bad(2, 3), *_bad(4, status="DRAINING")))
    assert set(world.shares(100)) == {1, 2, 3, 4}
    assert world.stats.lb_healthy_panic.value == 100


def test_panic_can_fail_the_traffic_instead_or_be_switched_off() -> None:
    assert _World(group(1, *_bad(2, 3)), fail_on_panic=True).shares(100) == {0: 1.0}
    assert _World(group(1, *_bad(2, 3)), panic_threshold=0).shares(100) == {1: 1.0}
    assert _World(group(*_bad(2, 3)), panic_threshold=0).shares(100) == {0: 1.0}


def test_degraded_hosts_get_what_healthy_ones_cannot_bear() -> None:
    world = _World(group(1, *_bad(2, status="DEGRADED"), *_bad(3, 4)))
    shares = world.shares()
    assert shares[1] == pytest.approx(0.5, abs=0.02)
    assert shares[2] == pytest.approx(0.5, abs=0.02)


def test_localities_count_by_weight_and_health_when_they_are_told_to() -> None:
    groups = [
        group(1, 2, locality={"zone": "a"}, load_balancing_weight=3),
        group(3, *_bad(4), locality={"zone": "b"}, load_balancing_weight=1),
        group(5, locality={"zone": "c"}),  # no weight: no load
    ]
    assert set(_World(*groups).shares(100)) == {1, 2, 3, 5}
    shares = _World(*groups, by_locality=True).shares()
    assert shares[3] == pytest.approx(0.7 / 3.7, abs=0.01)
    assert shares[1] == pytest.approx(shares[2], abs=0.01)
    assert 5 not in shares


def test_localities_without_any_weight_do_not_matter() -> None:
    world = _World(group(1, locality={"zone": "a"}), group(2, 3, locality={"zone": "b"}), by_locality=True)
    assert world.shares(300) == {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}


def test_an_update_is_seen_by_the_next_pick() -> None:
    world = _World(group(1, 2))
    world.shares(10)
    world.update(group(2, 3), group(4, priority=1))
    assert set(world.shares(10)) == {2, 3}
    world.update(group(*_bad(2, 3)), group(4, priority=1))
    assert set(world.shares(10)) == {4}
    world.update(group(endpoint(2, load_balancing_weight=3), 3))
    assert world.shares(400)[2] == pytest.approx(0.75, abs=0.01)


def test_locality_turns_are_built_anew_after_an_update() -> None:
    world = _World(group(1, locality={"zone": "a"}, load_balancing_weight=1), by_locality=True)
    assert set(world.shares(10)) == {1}
    world.update(
        group(1, locality={"zone": "a"}, load_balancing_weight=1),
        group(2, locality={"zone": "b"}, load_balancing_weight=1),
    )
    assert world.shares(100) == {1: 0.5, 2: 0.5}


def test_a_cluster_without_hosts_has_none_to_pick() -> None:
    world = _World()
    assert world.balancer.pick(None) is None


def test_a_policy_that_does_not_hash_ignores_the_hash() -> None:
    assert not RANDOM.hashes
    assert not ROUND_ROBIN.hashes


def test_the_hash_decides_over_the_priority_too() -> None:
    groups = [group(1, *_bad(2, 3, 4)), group(5, priority=1)]
    world = _World(*groups, policy=RingHash())
    ports = [_port(world.balancer.pick(PickContext(number))) for number in range(200)]
    assert ports == ([1] * 35 + [5] * 65) * 2


def test_tables_hold_healthy_hosts_only_or_in_panic_all() -> None:
    degraded = _World(group(*_bad(1, 2, status="DEGRADED")), policy=RingHash())
    assert degraded.balancer.pick(PickContext(7)) is None
    panic = _World(group(1, *_bad(2, 3)), policy=Maglev(101), fail_on_panic=True)
    assert {_port(panic.balancer.pick(PickContext(number))) for number in range(101)} == {1, 2, 3}
    assert panic.stats.lb_healthy_panic.value == 101


def _port(host: Host | None) -> int:
    assert host is not None
    return int(host.address.rpartition(":")[2])
