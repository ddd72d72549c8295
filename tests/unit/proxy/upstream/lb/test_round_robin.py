"""ROUND_ROBIN."""

from collections import Counter
from random import Random

from tests.unit.proxy.upstream.worlds import choice_of, hosts_of
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.picking import Picker
from tulle.proxy.upstream.lb.round_robin import RoundRobin, weight_of


def _picker(hosts: list[Host], seed: int = 1, before: Picker | None = None) -> Picker:
    return RoundRobin().build(choice_of(hosts), Random(seed), before)


def test_equal_hosts_take_turns() -> None:
    hosts = hosts_of(1, 1, 1)
    picker = _picker(hosts)
    picks = [picker.pick(None) for _ in range(9)]
    assert picks[:3] == picks[3:6] == picks[6:]
    assert set(picks[:3]) == set(hosts)


def test_the_first_turn_is_drawn() -> None:
    hosts = hosts_of(1, 1, 1)
    assert {_picker(hosts, seed).pick(None) for seed in range(20)} == set(hosts)


def test_weighted_hosts_come_by_weight_give_or_take_one() -> None:
    hosts = hosts_of(5, 2, 1)
    picker = _picker(hosts)
    counts = Counter(picker.pick(None) for _ in range(800))
    assert all(abs(counts[host] - 100 * weight_of(host)) <= 1 for host in hosts)


def test_the_turn_goes_on_where_it_was_when_a_host_leaves() -> None:
    hosts = hosts_of(1, 1, 1, 1)
    before = _picker(hosts)
    last = before.pick(None)
    after = _picker(hosts[:3], 1, before)
    assert last is not None
    assert after.pick(None) is hosts[(hosts.index(last) + 1) % 4 % 3]


def test_nobody_takes_a_turn_when_there_are_no_hosts() -> None:
    assert _picker([]).pick(None) is None
