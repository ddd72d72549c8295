"""What ring hash and Maglev share."""

from random import Random

import pytest

from tests.unit.proxy.upstream.worlds import choice_of, hosts_of
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster_stats import ClusterStats
from tulle.proxy.upstream.hosts import FAILED_EDS_HEALTH, Group, Host, Level
from tulle.proxy.upstream.lb.hashing import BoundedPicker, HashPicker, Weighted, hash_key, normalized, table_picker
from tulle.proxy.upstream.lb.picking import NO_HOSTS, Choice, PickContext


class _ByRemainder:
    """A table that anybody can read."""

    def __init__(self, hosts: list[Host]) -> None:
        self.hosts = hosts

    def lookup(self, hash_value: int, attempt: int) -> Host:
        return self.hosts[(hash_value + attempt) % len(self.hosts)]


def _context(hash_value: int | None, attempt: int = 0) -> PickContext:
    context = PickContext(hash_value)
    context.attempt = attempt
    return context


def test_the_key_of_a_host_is_its_own_its_name_or_its_address() -> None:
    host = Host("1.2.3.4:80", hostname="a.com")
    assert hash_key(host, False) == "1.2.3.4:80"
    assert hash_key(host, True) == "a.com"
    host.metadata = {"envoy.lb": {"hash_key": "k"}}
    assert hash_key(host, True) == "k"
    host.metadata = {"envoy.lb": {"hash_key": 5}}
    assert hash_key(host, False) == "1.2.3.4:80"


def test_shares_follow_the_weights_of_hosts() -> None:
    assert [weighted.weight for weighted in normalized(choice_of(hosts_of(1, 3)), False)] == [0.25, 0.75]


def test_shares_follow_the_weights_of_localities_too_when_they_are_told_to() -> None:
    first, second, third, failed = hosts_of(1, 3, 1, 1)
    failed.flags = FAILED_EDS_HEALTH
    groups = [Group(("b", "", ""), 3, [first, second]), Group(("a", "", ""), 1, [third, failed])]
    level = Level([*groups, Group(("c", "", ""), 0, hosts_of(1))])
    stats = ClusterStats(StatsStore(), "cluster.c.")
    shares = normalized(Choice(level.healthy, level, stats), True)
    assert shares == [Weighted(third, 0.25), Weighted(first, 0.1875), Weighted(second, 0.5625)]
    assert len(normalized(Choice(level.hosts, level, stats, panic=True), True)) == 4
    assert normalized(Choice(first and [first], Level([Group(("a", "", ""), 0, [first])]), stats), True) == []


def test_the_hash_decides_and_a_request_without_one_goes_anywhere() -> None:
    hosts = hosts_of(1, 1, 1)
    picker = HashPicker(_ByRemainder(hosts), Random(3))
    assert [picker.pick(_context(number)) for number in (0, 1, 2, 3)] == [*hosts, hosts[0]]
    assert picker.pick(_context(0, attempt=1)) is hosts[1]
    assert {picker.pick(None) for _ in range(30)} == {picker.pick(PickContext()) for _ in range(30)} == set(hosts)


def _bounded(hosts: list[Host], active: int, factor: int) -> BoundedPicker:
    stats = ClusterStats(StatsStore(), "cluster.c.")
    stats.upstream_rq_active.value = active
    weighted = [Weighted(host, 1 / len(hosts)) for host in hosts]
    return BoundedPicker(_ByRemainder(hosts), weighted, stats, factor, Random(3))


def test_a_host_within_its_share_keeps_its_requests() -> None:
    hosts = hosts_of(1, 1, 1, 1)
    hosts[0].rq_active = 3  # (7 + 1) * 1.5 / 4
    assert _bounded(hosts, 7, 150).pick(_context(0)) is hosts[0]


def test_a_host_over_its_share_passes_requests_on_and_the_same_hash_goes_the_same_way() -> None:
    hosts = hosts_of(1, 1, 1, 1)
    hosts[0].rq_active = 4
    picker = _bounded(hosts, 7, 150)
    chosen = {hash_value: picker.pick(_context(hash_value)) for hash_value in range(0, 400, 4)}
    assert set(chosen.values()) == set(hosts[1:])
    assert all(picker.pick(_context(hash_value)) is host for hash_value, host in chosen.items())


def test_when_all_are_over_their_share_the_least_so_is_taken() -> None:
    hosts = hosts_of(1, 1, 1)
    for host, active in zip(hosts, (9, 5, 7), strict=True):
        host.rq_active = active
    assert _bounded(hosts, 2, 100).pick(_context(0)) is hosts[1]
    assert _bounded(hosts, 2, 100).pick(None) is hosts[1]


@pytest.mark.parametrize(("factor", "kind"), [(0, HashPicker), (120, BoundedPicker)])
def test_a_factor_caps_the_load(factor: int, kind: type[object]) -> None:
    hosts = hosts_of(1, 1)
    choice = choice_of(hosts)
    picker = table_picker(_ByRemainder(hosts), normalized(choice, False), choice, factor, Random(3))
    assert isinstance(picker, kind)
    assert table_picker(_ByRemainder([]), [], choice, factor, Random(3)) is NO_HOSTS
