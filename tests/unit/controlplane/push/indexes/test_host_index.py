"""Hosts to rules."""

from hypothesis import given
from hypothesis import strategies as st

from tulle.controlplane.push.indexes.host_index import HostIndex
from tulle.model.hosts import matches

HOSTS = st.sampled_from(["a.b", "*.b", "*", "*.a.b", "c.b", "x.a.b"])


def test_exact_hosts_come_before_wildcards_each_in_their_order() -> None:
    index = HostIndex([("*", 1), ("a.b", 2), ("*.b", 3), ("a.b", 4), ("c.b", 5)])
    assert index.covering("a.b") == [("a.b", 2), ("a.b", 4), ("*", 1), ("*.b", 3)]
    assert index.covering("z") == [("*", 1)]


@given(st.lists(HOSTS), HOSTS)
def test_it_finds_what_a_scan_finds(hosts: list[str], wanted: str) -> None:
    found = HostIndex([(host, number) for number, host in enumerate(hosts)]).covering(wanted)
    assert sorted(found) == sorted((host, number) for number, host in enumerate(hosts) if matches(host, wanted))
