"""RANDOM."""

from collections import Counter
from random import Random

from tests.unit.proxy.upstream.worlds import choice_of, hosts_of
from tulle.proxy.upstream.lb.random_host import RandomHost


def test_each_host_is_as_likely_as_the_others_whatever_it_weighs() -> None:
    hosts = hosts_of(1, 9, 1, 1)
    picker = RandomHost().build(choice_of(hosts), Random(5), None)
    counts = Counter(picker.pick(None) for _ in range(8000))
    assert all(abs(counts[host] - 2000) < 200 for host in hosts)


def test_nobody_is_drawn_from_no_hosts() -> None:
    assert RandomHost().build(choice_of([]), Random(5), None).pick(None) is None
