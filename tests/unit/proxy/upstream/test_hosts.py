"""The hosts of a cluster."""

import pytest

from tests.unit.proxy.upstream.worlds import host_set, hosts_of
from tulle.proxy.upstream.hosts import (
    DEGRADED_EDS_HEALTH,
    EDS_STATUS_DRAINING,
    FAILED_ACTIVE_HC,
    FAILED_EDS_HEALTH,
    Group,
    Host,
    HostSet,
    Level,
    socket_address,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.2.3.4:80", ("1.2.3.4", 80)),
        ("[::1]:80", ("::1", 80)),
        ("/run/app.sock", "/run/app.sock"),
        ("@abstract", "@abstract"),
    ],
)
def test_the_text_of_an_address_says_where_to_connect(text: str, address: object) -> None:
    assert socket_address(text) == address
    assert Host(text).sockaddr == address


@pytest.mark.parametrize(
    ("flags", "shown", "status"),
    [
        (0, "healthy", "HEALTHY"),
        (FAILED_EDS_HEALTH, "/failed_eds_health", "UNHEALTHY"),
        (EDS_STATUS_DRAINING, "/eds_status_draining", "DRAINING"),
        (DEGRADED_EDS_HEALTH, "/degraded_eds_health", "DEGRADED"),
        (FAILED_ACTIVE_HC | DEGRADED_EDS_HEALTH, "/failed_active_hc/degraded_eds_health", "DEGRADED"),
    ],
)
def test_the_health_of_a_host_is_shown_as_envoy_shows_it(flags: int, shown: str, status: str) -> None:
    host = Host("1.2.3.4:80")
    host.flags = flags
    assert (host.health_flags, host.eds_health_status, host.healthy) == (shown, status, flags == 0)


def test_a_canary_is_one_whose_metadata_says_so() -> None:
    host = Host("1.2.3.4:80")
    assert not host.canary
    host.metadata = {"envoy.lb": {"canary": True}}
    assert host.canary


def test_a_level_sorts_its_hosts_by_health() -> None:
    good, failed, draining, degraded = hosts = hosts_of(1, 1, 1, 1)
    failed.flags = FAILED_EDS_HEALTH
    draining.flags = EDS_STATUS_DRAINING
    degraded.flags = DEGRADED_EDS_HEALTH
    level = Level([Group(("", "", ""), 0, hosts)])
    assert (level.healthy, level.degraded, level.excluded) == ([good], [degraded], 1)


def test_a_level_whose_hosts_are_all_well_keeps_one_list() -> None:
    level = Level([Group(("", "", ""), 0, hosts_of(1, 1))])
    assert level.healthy is level.hosts


def test_only_the_levels_that_changed_are_replaced() -> None:
    first, second = hosts_of(1, 1), hosts_of(1, 1, 1)
    hosts = host_set(first, second)
    before = list(hosts.levels)
    new = Host("10.0.0.9:1")
    change = hosts.replace([Level(before[0].groups), Level([Group(("", "", ""), 0, [*second[1:], new])])])
    assert hosts.levels[0] is before[0]
    assert (change.added, change.removed, change.levels, change.membership_changes) == ([new], [second[0]], [1], 1)


def test_a_host_that_moves_to_another_priority_neither_comes_nor_goes() -> None:
    first, second = hosts_of(1), hosts_of(1, 1)
    hosts = host_set(first, second)
    change = hosts.replace([Level([Group(("", "", ""), 0, [*first, *second])])])
    assert change == ([], [], [0, 1], 2)
    assert [len(level.hosts) for level in hosts.levels] == [3, 0]


def test_hosts_whose_health_changed_are_sorted_anew() -> None:
    first, second = hosts_of(1, 1), hosts_of(1)
    hosts = host_set(first, second)
    first[0].flags |= FAILED_ACTIVE_HC
    assert hosts.refresh([first[0]]).levels == [0]
    assert hosts.levels[0].healthy == [first[1]]


def test_an_empty_set_has_one_level() -> None:
    assert (len(HostSet()), len(HostSet().levels), list(HostSet())) == (0, 1, [])
