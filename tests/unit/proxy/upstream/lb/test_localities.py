"""The localities of a priority."""

import pytest

from tests.unit.proxy.upstream.worlds import hosts_of
from tulle.proxy.upstream.hosts import DEGRADED_EDS_HEALTH, EDS_STATUS_DRAINING, FAILED_EDS_HEALTH, Group, Level
from tulle.proxy.upstream.lb.localities import LocalityHosts, localities_of


def test_localities_are_sorted_and_groups_of_the_same_one_are_joined() -> None:
    a, b, c = hosts_of(1, 1, 1)
    level = Level([Group(("r", "2", ""), 4, [a]), Group(("r", "1", ""), 3, [b]), Group(("r", "2", ""), 4, [c])])
    assert [(at.locality[1], at.weight, at.hosts) for at in localities_of(level)] == [("1", 3, [b]), ("2", 4, [a, c])]


@pytest.mark.parametrize(
    ("failed", "weight"),
    [(0, 10.0), (1, 10.0), (2, 10 * 1.4 * 0.6), (5, 0.0)],
)
def test_a_locality_bears_less_when_too_few_hosts_are_healthy(failed: int, weight: float) -> None:
    hosts = hosts_of(1, 1, 1, 1, 1)
    for host in hosts[:failed]:
        host.flags = FAILED_EDS_HEALTH
    assert LocalityHosts(("", "", ""), 10, hosts).effective_weight(140) == pytest.approx(weight)


def test_hosts_that_drain_do_not_count_and_degraded_ones_have_their_own_weight() -> None:
    hosts = hosts_of(1, 1, 1, 1)
    hosts[0].flags = hosts[1].flags = EDS_STATUS_DRAINING
    hosts[2].flags = DEGRADED_EDS_HEALTH
    locality = LocalityHosts(("", "", ""), 10, hosts)
    assert locality.effective_weight(100) == pytest.approx(5.0)
    assert locality.effective_weight(100, degraded=True) == pytest.approx(5.0)
    assert LocalityHosts(("", "", ""), 10, hosts[:2]).effective_weight(100) == 0.0
