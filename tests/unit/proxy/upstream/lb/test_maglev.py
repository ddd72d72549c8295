"""MAGLEV."""

from random import Random

from xxhash import xxh64_intdigest

from tests.unit.proxy.upstream.worlds import choice_of, hosts_of
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.hashing import Weighted
from tulle.proxy.upstream.lb.maglev import Maglev, MaglevTable
from tulle.proxy.upstream.lb.picking import PickContext

_WEIGHTS = (1, 2, 3, 5, 7, 11, 1, 1, 4, 9, 2, 6)
# What Envoy 1.40 picks among 127.0.0.1:21000 … 21011 with these weights for the header values user-0 … user-23.
_OF_ENVOY = [2, 9, 4, 9, 4, 5, 2, 2, 9, 9, 9, 9, 11, 5, 5, 5, 4, 5, 8, 9, 5, 4, 5, 5]


def test_a_hash_goes_to_the_host_that_envoy_picks() -> None:
    hosts = [Host(f"127.0.0.1:{21000 + at}", weight=weight) for at, weight in enumerate(_WEIGHTS)]
    choice = choice_of(hosts)
    picker = Maglev().build(choice, Random(1), None)
    picks = [picker.pick(PickContext(xxh64_intdigest(b"user-%d" % number))) for number in range(24)]
    assert [hosts.index(host) for host in picks if host] == _OF_ENVOY
    assert choice.stats.store.snapshot().gauges == {  # Envoy's
        "cluster.c.maglev_lb.max_entries_per_host": 13862,
        "cluster.c.maglev_lb.min_entries_per_host": 1261,
    }


def test_entries_follow_the_weights() -> None:
    hosts = [Weighted(host, share) for host, share in zip(hosts_of(1, 1), (0.75, 0.25), strict=True)]
    table = MaglevTable(hosts, 101)
    assert table.counts == [75, 26]


def test_the_order_of_the_hosts_does_not_matter() -> None:
    weighted = [Weighted(host, 0.2) for host in hosts_of(1, 1, 1, 1, 1)]
    first, second = MaglevTable(weighted, 101), MaglevTable(weighted[::-1], 101)
    assert all(first.lookup(number, 0) is second.lookup(number, 0) for number in range(101))


def test_most_entries_keep_their_host_when_one_leaves() -> None:
    hosts = hosts_of(*[1] * 10)
    before = MaglevTable([Weighted(host, 0.1) for host in hosts], 1009)
    after = MaglevTable([Weighted(host, 1 / 9) for host in hosts[:-1]], 1009)
    kept = sum(before.lookup(number, 0) is after.lookup(number, 0) for number in range(1009))
    assert kept > 0.75 * 1009


def test_a_further_attempt_changes_the_hash() -> None:
    weighted = [Weighted(host, 0.2) for host in hosts_of(1, 1, 1, 1, 1)]
    table = MaglevTable(weighted, 101)
    assert table.lookup(5, 1) is table.lookup(5 ^ 0xFFFFFFFFFFFFFFFF, 0)
    assert len({table.lookup(5, attempt) for attempt in range(8)}) > 1


def test_a_single_host_needs_no_table() -> None:
    (host,) = hosts_of(1)
    table = MaglevTable([Weighted(host, 1.0)], 65537)
    assert (table.lookup(123, 0), table.lookup(123, 4), table.counts) == (host, host, [1])


def test_nobody_is_in_an_empty_table() -> None:
    assert Maglev().hashes
    assert Maglev().build(choice_of([]), Random(1), None).pick(None) is None
