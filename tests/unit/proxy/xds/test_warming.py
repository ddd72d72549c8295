"""Warming: what comes into force when, and in which order it is published."""

import pytest

from tulle.proxy.xds.warming import Kinds, Resource, Supply, WarmingSet


class _World:
    """A set with its clock and what it published."""

    def __init__(self, supply_first: bool) -> None:
        self.now = 100.0
        self.published: list[tuple[str, str, bytes | None]] = []
        kinds = Kinds("resource", "supply", supply_first)
        self.set = WarmingSet(kinds, lambda *what: self.published.append(what), lambda: self.now)

    def take(self) -> list[tuple[str, str, bytes | None]]:
        published, self.published = self.published, []
        return published


@pytest.fixture
def clusters() -> _World:
    return _World(supply_first=False)


@pytest.fixture
def listeners() -> _World:
    return _World(supply_first=True)


def _needing(name: str, *needs: str, data: bytes = b"1", timeout_s: float = 15.0) -> Resource:
    return Resource(name, data, needs=frozenset(needs), fetch_timeout_s=timeout_s)


def test_what_needs_nothing_is_in_force_at_once(clusters: _World) -> None:
    assert clusters.set.put(_needing("a"))
    assert clusters.take() == [("resource", "a", b"1")]


def test_a_cluster_waits_for_its_endpoints_and_goes_before_them(clusters: _World) -> None:
    clusters.set.put(_needing("a", "eds"))
    assert clusters.take() == []
    assert clusters.set.wanted() == {"eds"}
    clusters.set.supply("eds", Supply(b"e"))
    assert clusters.take() == [("resource", "a", b"1"), ("supply", "eds", b"e")]


def test_a_listener_waits_for_all_its_routes_and_comes_after_them(listeners: _World) -> None:
    listeners.set.put(_needing("l", "r1", "r2"))
    listeners.set.supply("r2", Supply(b"two"))
    assert listeners.take() == []
    listeners.set.supply("r1", Supply(b"one"))
    assert listeners.take() == [("supply", "r1", b"one"), ("supply", "r2", b"two"), ("resource", "l", b"1")]


def test_the_old_version_stays_in_force_while_the_new_one_warms(listeners: _World) -> None:
    listeners.set.put(_needing("l"))
    listeners.take()
    listeners.set.put(_needing("l", "r", data=b"2"))
    assert listeners.take() == []
    assert listeners.set.active["l"].data == b"1"
    listeners.set.supply("r", Supply(b"r"))
    assert listeners.take() == [("supply", "r", b"r"), ("resource", "l", b"2")]


def test_the_same_again_changes_nothing(clusters: _World) -> None:
    clusters.set.put(_needing("a"))
    clusters.take()
    assert not clusters.set.put(_needing("a"))
    assert clusters.take() == []


def test_a_changed_cluster_takes_the_endpoints_that_are_known_already(clusters: _World) -> None:
    clusters.set.put(_needing("a", "eds"))
    clusters.set.supply("eds", Supply(b"e"))
    clusters.take()
    clusters.set.put(_needing("a", "eds", data=b"2"))
    assert clusters.take() == [("resource", "a", b"2"), ("supply", "eds", b"e")]


def test_a_changed_supply_is_published_only_while_it_is_used(listeners: _World) -> None:
    listeners.set.put(_needing("l", "r"))
    listeners.set.supply("r", Supply(b"1"))
    listeners.take()
    listeners.set.supply("r", Supply(b"1"))
    assert listeners.take() == []
    listeners.set.supply("r", Supply(b"2"))
    assert listeners.take() == [("supply", "r", b"2")]


def test_a_second_user_of_routes_that_are_in_use_does_not_send_them_again(listeners: _World) -> None:
    listeners.set.put(_needing("l1", "r"))
    listeners.set.supply("r", Supply(b"r"))
    listeners.take()
    listeners.set.put(_needing("l2", "r"))
    assert listeners.take() == [("resource", "l2", b"1")]


def test_waiting_ends_with_the_timeout_and_without_one_never(clusters: _World) -> None:
    clusters.set.put(_needing("a", "eds", timeout_s=5.0))
    clusters.set.put(_needing("b", "eds", timeout_s=0.0))
    assert clusters.set.next_deadline() == 105.0
    clusters.now = 105.0
    clusters.set.expire()
    assert clusters.take() == [("resource", "a", b"1")]
    assert clusters.set.next_deadline() is None
    assert set(clusters.set.warming) == {"b"}


def test_a_supply_that_does_not_exist_is_waited_for_no_longer(clusters: _World) -> None:
    clusters.set.put(_needing("a", "eds"))
    clusters.set.give_up("eds")
    assert clusters.take() == [("resource", "a", b"1")]


def test_removal_ends_warming_and_use_and_pruning_forgets_supplies(listeners: _World) -> None:
    listeners.set.put(_needing("l1", "r1"))
    listeners.set.supply("r1", Supply(b"r"))
    listeners.set.put(_needing("l2", "r2"))
    listeners.take()
    assert listeners.set.remove("l1")
    assert listeners.set.remove("l2")
    assert not listeners.set.remove("l3")
    listeners.set.prune()
    assert listeners.take() == [("resource", "l1", None), ("supply", "r1", None)]
    assert listeners.set.wanted() == frozenset()
    listeners.set.supply("r2", Supply(b"late"))
    assert listeners.take() == []


def test_what_is_held_is_published_on_release_in_order(listeners: _World) -> None:
    listeners.set.hold()
    listeners.set.put(_needing("l", "r"))
    listeners.set.supply("r", Supply(b"1"))
    listeners.set.supply("r", Supply(b"2"))
    assert listeners.take() == []
    assert list(listeners.set.snapshot()) == []
    listeners.set.release()
    assert listeners.take() == [("supply", "r", b"2"), ("resource", "l", b"1")]
    assert list(listeners.set.snapshot()) == [("supply", "r", b"2"), ("resource", "l", b"1")]
