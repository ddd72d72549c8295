"""How the load is spread over priorities."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.proxy.upstream.worlds import hosts_of
from tulle.proxy.upstream.hosts import DEGRADED_EDS_HEALTH, EDS_STATUS_DRAINING, FAILED_EDS_HEALTH, Group, Level
from tulle.proxy.upstream.priorities import ALL, DEGRADED, HEALTHY, LevelHealth, health_of, spread_load


def _percent(*healthy: int, degraded: tuple[int, ...] = ()) -> list[LevelHealth]:
    more = (*degraded, *[0] * len(healthy))
    return [LevelHealth(100, count, more[at]) for at, count in enumerate(healthy)]


@pytest.mark.parametrize(
    ("healthy", "loads"),
    [
        ((100,), [100]),
        ((72,), [100]),
        ((100, 100), [100, 0]),
        ((72, 100), [100, 0]),
        ((71, 100), [99, 1]),
        ((50, 100), [70, 30]),
        ((25, 100), [35, 65]),
        ((0, 100), [0, 100]),
        ((25, 25, 20), [37, 35, 28]),  # the documentation says 36, 36, 28
        ((5, 65), [8, 92]),  # and here 7, 93
        ((100, 0, 0), [100, 0, 0]),
    ],
)
def test_the_load_follows_health_as_envoys_whole_numbers_do(healthy: tuple[int, ...], loads: list[int]) -> None:
    assert list(spread_load(_percent(*healthy), 0).healthy) == loads


def test_degraded_hosts_get_what_healthy_ones_cannot_bear() -> None:
    # The example in Envoy's load_balancer_impl.cc, with an overprovisioning factor of 1.
    levels = [LevelHealth(100, 10, 20, 100), LevelHealth(100, 20, 10, 100), LevelHealth(100, 10, 0, 100)]
    loads = spread_load(levels, 0)
    assert (list(loads.healthy), list(loads.degraded)) == ([16, 28, 14], [28, 14, 0])


def test_what_rounding_leaves_goes_to_the_first_level_that_has_degraded_hosts_when_none_is_healthy() -> None:
    loads = spread_load(_percent(0, 0, 0, degraded=(0, 10, 20)), 0)
    assert (list(loads.healthy), list(loads.degraded)) == ([0, 0, 0], [0, 34, 66])


def test_a_level_panics_when_too_few_of_its_hosts_can_be_used_and_the_others_cannot_help() -> None:
    loads = spread_load(_percent(25, 60), 50)
    assert (list(loads.healthy), list(loads.panic)) == ([35, 65], [False, False])  # together they can
    loads = spread_load(_percent(20, 50), 50)
    assert (list(loads.healthy), list(loads.panic)) == ([29, 71], [True, False])


def test_when_all_levels_panic_the_load_follows_the_number_of_hosts() -> None:
    loads = spread_load([LevelHealth(10, 0, 0), LevelHealth(20, 0, 0), LevelHealth(0, 0, 0)], 50)
    assert (list(loads.healthy), list(loads.panic)) == ([34, 66, 0], [True, True, True])


def test_without_any_host_all_goes_to_the_first_level() -> None:
    assert list(spread_load(_percent(0)[:1], 50).healthy) == [100]
    assert list(spread_load([LevelHealth(0, 0, 0)], 50).healthy) == [100]


def test_panic_can_be_switched_off() -> None:
    loads = spread_load(_percent(0, 0), 0)
    assert (list(loads.healthy), list(loads.panic)) == ([100, 0], [False, False])


def test_a_tiny_factor_makes_a_level_useless_without_panic() -> None:
    loads = spread_load([LevelHealth(100, 99, 0, 1)], 50)
    assert (list(loads.healthy), list(loads.panic)) == ([100], [False])


def test_health_is_counted_in_hosts_or_in_weights() -> None:
    hosts = hosts_of(5, 1, 1, 3)
    hosts[1].flags = FAILED_EDS_HEALTH
    hosts[2].flags = EDS_STATUS_DRAINING
    hosts[3].flags = DEGRADED_EDS_HEALTH
    groups = [Group(("", "", ""), 0, hosts)]
    assert health_of(Level(groups, 120))[:5] == (3, 1, 1, 120, 4)
    assert health_of(Level(groups, weighted_health=True))[:5] == (9, 5, 3, 140, 4)


def test_each_percent_has_its_priority() -> None:
    loads = spread_load(_percent(10, 20, degraded=(10, 0)), 0)
    chosen = [loads.choose(number) for number in range(100)]
    assert chosen == sorted(chosen, key=lambda choice: (choice[1], choice[0]))
    assert (chosen.count((0, HEALTHY)), chosen.count((1, HEALTHY)), chosen.count((0, DEGRADED))) == (25, 50, 25)
    assert loads.only() is None


def test_a_level_that_gets_all_is_known_as_such() -> None:
    assert spread_load(_percent(80, 100), 50).only() == (0, HEALTHY)
    assert spread_load(_percent(0, degraded=(100,)), 50).only() == (0, DEGRADED)
    assert spread_load(_percent(0), 50).only() == (0, ALL)


@st.composite
def _levels(draw: st.DrawFn) -> list[LevelHealth]:
    levels: list[LevelHealth] = []
    for _ in range(draw(st.integers(1, 5))):
        total = draw(st.integers(0, 50))
        healthy = draw(st.integers(0, total))
        degraded = draw(st.integers(0, total - healthy))
        levels.append(LevelHealth(total, healthy, degraded, draw(st.integers(1, 300))))
    return levels


@given(_levels(), st.integers(0, 100))
def test_the_loads_always_make_a_hundred(levels: list[LevelHealth], threshold: int) -> None:
    loads = spread_load(levels, threshold)
    assert sum(loads.healthy) + sum(loads.degraded) == 100
    assert min(*loads.healthy, *loads.degraded) >= 0
    loads.choose(random.getrandbits(64))
