"""RING_HASH."""

from random import Random

from xxhash import xxh64_intdigest

from tests.unit.proxy.upstream.worlds import choice_of, hosts_of
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.hashing import HashSettings, Weighted
from tulle.proxy.upstream.lb.picking import PickContext
from tulle.proxy.upstream.lb.ring_hash import Ring, RingHash

_WEIGHTS = (1, 2, 3, 5, 7, 11, 1, 1, 4, 9, 2, 6)
# What Envoy 1.40 picks among 127.0.0.1:21000 … 21011 with these weights for the header values user-0 … user-23.
_OF_ENVOY = [5, 4, 9, 8, 9, 8, 9, 4, 11, 5, 10, 11, 5, 11, 1, 0, 8, 6, 3, 5, 5, 2, 8, 8]


def test_a_hash_goes_to_the_host_that_envoy_picks() -> None:
    hosts = [Host(f"127.0.0.1:{21000 + at}", weight=weight) for at, weight in enumerate(_WEIGHTS)]
    picker = RingHash().build(choice_of(hosts), Random(1), None)
    picks = [picker.pick(PickContext(xxh64_intdigest(b"user-%d" % number))) for number in range(24)]
    assert [hosts.index(host) for host in picks if host] == _OF_ENVOY


def test_the_ring_has_at_least_its_least_size_and_shows_it() -> None:
    choice = choice_of(hosts_of(*[1] * 12))
    RingHash().build(choice, Random(1), None)
    gauges = choice.stats.store.snapshot().gauges
    assert gauges == {
        "cluster.c.ring_hash_lb.size": 1032,
        "cluster.c.ring_hash_lb.min_hashes_per_host": 86,
        "cluster.c.ring_hash_lb.max_hashes_per_host": 86,
    }


def test_a_ring_that_would_get_too_large_is_cut_and_light_hosts_may_fall_off() -> None:
    hosts = [Weighted(host, share) for host, share in zip(hosts_of(1, 1, 1), (0.9, 0.09, 0.01), strict=True)]
    ring = Ring(hosts, RingHash(1024, 10))
    assert (ring.size, sum(ring.counts), ring.counts[0]) == (10, 10, 9)


def test_further_attempts_go_round_the_ring() -> None:
    hosts = hosts_of(1, 1, 1)
    ring = Ring([Weighted(host, 1 / 3) for host in hosts], RingHash(min_size=3))
    assert {ring.lookup(5, attempt) for attempt in range(3)} == set(hosts)
    assert ring.lookup(5, 3) is ring.lookup(5, 0)
    assert ring.lookup(2**64 - 1, 0) is ring.lookup(0, 0)


def test_the_hash_function_and_the_key_can_be_others() -> None:
    hosts = hosts_of(*[1] * 8)
    for host in hosts:
        host.hostname = f"host-{host.address}"
    contexts = [PickContext(xxh64_intdigest(b"%d" % number)) for number in range(64)]
    sequences = set()
    for policy in (RingHash(), RingHash(murmur=True), RingHash(settings=HashSettings(use_hostname=True))):
        picker = policy.build(choice_of(hosts), Random(1), None)
        sequences.add(tuple(str(picker.pick(context)) for context in contexts))
    assert len(sequences) == 3


def test_most_hashes_keep_their_host_when_one_leaves() -> None:
    hosts = hosts_of(*[1] * 10)
    before = RingHash().build(choice_of(hosts), Random(1), None)
    after = RingHash().build(choice_of(hosts[:-1]), Random(1), None)
    contexts = [PickContext(xxh64_intdigest(b"%d" % number)) for number in range(1000)]
    assert sum(before.pick(context) is after.pick(context) for context in contexts) > 750


def test_nobody_is_on_an_empty_ring() -> None:
    assert RingHash().hashes
    assert RingHash().build(choice_of([]), Random(1), None).pick(None) is None
