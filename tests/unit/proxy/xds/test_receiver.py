"""From responses to the inventory."""

from collections.abc import Sequence

import pytest
from google.protobuf.message import Message

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Cluster, ClusterLoadAssignment, Listener
from tulle.protos.type_urls import CLUSTER, ENDPOINT, LISTENER, ROUTE
from tulle.proxy.xds.discovery import Received, ReceivedResource
from tulle.proxy.xds.inventory import Inventory
from tulle.proxy.xds.receiver import Receiver


def _check(type_url: str, message: Message) -> Sequence[FieldProblem]:
    """Names that begin with `bad` are refused."""
    name = getattr(message, "name", "") or getattr(message, "cluster_name", "")
    return [FieldProblem("lb_policy", "is bad")] if name.startswith("bad") else []


class _World:
    def __init__(self) -> None:
        self.published: list[tuple[str, str, bytes | None]] = []
        self.inventory = Inventory(lambda *what: self.published.append(what))
        self.receiver = Receiver(self.inventory, _check, self._admit)

    def _admit(self, listener: Listener) -> str:
        return "cannot bind" if listener.name.startswith("taken") else ""

    def sends(self, type_url: str, *messages: Message, removed: tuple[str, ...] = (), whole: bool = True) -> str:
        resources = tuple(
            ReceivedResource(
                "", "v", f"type.googleapis.com/{message.DESCRIPTOR.full_name}", message.SerializeToString()
            )
            for message in messages
        )
        return self.receiver.apply(Received(type_url, "v", "n", resources, removed, whole))


@pytest.fixture
def world() -> _World:
    return _World()


def test_good_resources_come_into_force_although_others_fail_and_the_answer_names_these(world: _World) -> None:
    error = world.sends(CLUSTER, Cluster(name="a"), Cluster(name="bad1"), Cluster(name="bad2"))
    assert error == "Error adding/updating cluster(s) bad1: lb_policy: is bad, bad2: lb_policy: is bad"
    assert set(world.inventory.clusters.active) == {"a"}
    assert world.inventory.discovery[CLUSTER].version == ""
    assert set(world.inventory.discovery[CLUSTER].rejected) == {"bad1", "bad2"}


def test_a_broken_update_keeps_the_last_good_version_even_when_the_response_is_the_whole_state(world: _World) -> None:
    assert world.sends(CLUSTER, Cluster(name="a")) == ""
    wrong = Received(CLUSTER, "v2", "n", (ReceivedResource("a", "v2", CLUSTER, b"\xff\xff"),), whole=False)
    assert "a: cannot be read" in world.receiver.apply(wrong)
    assert "a" in world.inventory.clusters.active


def test_absence_from_a_whole_response_is_removal(world: _World) -> None:
    world.sends(CLUSTER, Cluster(name="a"), Cluster(name="b"))
    world.sends(CLUSTER, Cluster(name="b"))
    assert set(world.inventory.clusters.active) == {"b"}
    assert world.published[-1] == (CLUSTER, "a", None)


def test_absence_from_a_partial_response_is_not(world: _World) -> None:
    world.sends(CLUSTER, Cluster(name="a"), Cluster(name="b"))
    world.sends(CLUSTER, Cluster(name="b"), removed=("a", "never-seen"), whole=False)
    assert set(world.inventory.clusters.active) == {"b"}


def test_one_name_twice_is_an_error(world: _World) -> None:
    assert "duplicate Cluster a found" in world.sends(CLUSTER, Cluster(name="a"), Cluster(name="a"))


def test_a_resource_of_another_type_is_an_error(world: _World) -> None:
    assert f"has the type {LISTENER}" in world.sends(CLUSTER, Listener(name="l"))


def test_endpoints_are_taken_for_clusters_that_want_them_only(world: _World) -> None:
    world.sends(CLUSTER, Cluster(name="a", type=Cluster.EDS))
    error = world.sends(
        ENDPOINT, ClusterLoadAssignment(cluster_name="a"), ClusterLoadAssignment(cluster_name="x"), whole=False
    )
    assert error == ""
    assert set(world.inventory.clusters.supplies) == {"a"}
    assert set(world.inventory.clusters.active) == {"a"}


def test_endpoints_that_do_not_exist_end_the_wait_of_their_cluster(world: _World) -> None:
    world.sends(CLUSTER, Cluster(name="a", type=Cluster.EDS))
    world.sends(ENDPOINT, removed=("a",), whole=False)
    assert set(world.inventory.clusters.active) == {"a"}


def test_an_address_that_cannot_be_bound_is_an_error_of_its_listener(world: _World) -> None:
    error = world.sends(LISTENER, Listener(name="taken"), Listener(name="free"))
    assert error == "Error adding/updating listener(s) taken: cannot bind"
    assert set(world.inventory.listeners.active) == {"free"}


def test_a_good_version_clears_the_record_of_the_bad_one(world: _World) -> None:
    world.sends(LISTENER, Listener(name="taken"))
    assert set(world.inventory.discovery[LISTENER].rejected) == {"taken"}
    world.receiver = Receiver(world.inventory, _check, lambda listener: "")
    world.sends(LISTENER, Listener(name="taken"))
    assert world.inventory.discovery[LISTENER].rejected == {}


def test_an_error_of_endpoints_or_routes_has_no_preamble(world: _World) -> None:
    assert world.sends(ENDPOINT, ClusterLoadAssignment(cluster_name="bad"), whole=False) == "bad: lb_policy: is bad"
    assert world.inventory.discovery[ROUTE].initialized is False
