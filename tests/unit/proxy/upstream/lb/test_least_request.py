"""LEAST_REQUEST."""

from collections import Counter
from random import Random

import pytest

from tests.unit.proxy.upstream.worlds import choice_of, hosts_of
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.least_request import LeastRequest
from tulle.proxy.upstream.lb.picking import Picker


def _picker(hosts: list[Host], policy: LeastRequest, seed: int = 3) -> Picker:
    return policy.build(choice_of(hosts), Random(seed), None)


@pytest.mark.parametrize(("choices", "share"), [(1, 1 / 4), (2, 1 / 16), (3, 1 / 64)])
def test_the_busiest_of_four_is_picked_only_when_all_draws_fall_on_it(choices: int, share: float) -> None:
    hosts = hosts_of(1, 1, 1, 1)
    hosts[2].rq_active = 5
    picker = _picker(hosts, LeastRequest(choices))
    picks = Counter(picker.pick(None) for _ in range(16000))
    assert abs(picks[hosts[2]] / 16000 - share) < 0.012


def test_idle_hosts_are_picked_evenly() -> None:
    hosts = hosts_of(1, 1, 1, 1)
    picker = _picker(hosts, LeastRequest())
    picks = Counter(picker.pick(None) for _ in range(8000))
    assert all(abs(picks[host] - 2000) < 200 for host in hosts)


def test_a_full_scan_finds_the_least_busy_and_draws_among_equals() -> None:
    hosts = hosts_of(1, 1, 1, 1)
    for host, active in zip(hosts, (3, 1, 1, 2), strict=True):
        host.rq_active = active
    picker = _picker(hosts, LeastRequest(full_scan=True))
    picks = Counter(picker.pick(None) for _ in range(4000))
    assert set(picks) == {hosts[1], hosts[2]}
    assert abs(picks[hosts[1]] - 2000) < 200


def test_weighted_hosts_take_turns_by_weight_while_they_are_idle() -> None:
    hosts = hosts_of(3, 1)
    picker = _picker(hosts, LeastRequest())
    picks = Counter(picker.pick(None) for _ in range(4000))
    assert abs(picks[hosts[0]] - 3000) <= 2


@pytest.mark.parametrize(("bias", "share"), [(1.0, 1 / 3), (0.0, 2 / 3), (2.0, 1 / 9)])
def test_requests_in_flight_make_a_weighted_host_lighter(bias: float, share: float) -> None:
    hosts = hosts_of(2, 1)
    hosts[0].rq_active = 3  # weights 2 / 4 ** bias and 1
    picker = _picker(hosts, LeastRequest(active_request_bias=bias))
    picks = Counter(picker.pick(None) for _ in range(9000))
    assert abs(picks[hosts[0]] / 9000 - share) < 0.002


def test_nobody_is_picked_from_no_hosts() -> None:
    assert _picker([], LeastRequest()).pick(None) is None
