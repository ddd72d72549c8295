"""State of the world, as conversations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.controlplane.xds.worlds import WORLDS, World
from tulle.controlplane.xds.sotw import SotwSubscription
from tulle.controlplane.xds.subscription import NO_REASON, Reply
from tulle.protos.messages import DiscoveryRequest
from tulle.protos.type_urls import CLUSTER, ENDPOINT, ROUTE


def answer(reply: Reply, *names: str, error: str | None = None) -> DiscoveryRequest:
    """An ACK, or a NACK, that asks for `names` from now on."""
    request = DiscoveryRequest(resource_names=names, response_nonce=reply.nonce, version_info=reply.version)
    if error is not None:
        request.error_detail.message = error
    return request


def started(type_url: str, world: World, *names: str) -> tuple[SotwSubscription, Reply]:
    """A subscription that has had its first response."""
    subscription = SotwSubscription(type_url)
    assert subscription.receive(DiscoveryRequest(resource_names=names)).wants_response
    reply = subscription.respond(world)
    assert reply is not None
    return subscription, reply


def values(reply: Reply | None) -> list[bytes]:
    """What a response carries."""
    assert reply is not None
    return [item.value for item in reply.message.resources]  # type: ignore[union-attr]


def test_clusters_are_asked_for_without_names_and_an_unchanged_world_is_not_sent_again() -> None:
    world = World(a="1", b="1")
    subscription, reply = started(CLUSTER, world)
    assert (values(reply), reply.whole, reply.count) == ([b"a", b"b"], True, 2)
    taken = subscription.receive(answer(reply))
    assert (taken.nonce, taken.error, taken.wants_response) == (reply.nonce, "", False)
    assert subscription.respond(world) is None


def test_one_change_sends_all_clusters_and_says_which_are_new_to_the_client() -> None:
    world = World(a="1", b="1")
    subscription, first = started(CLUSTER, world)
    world.versions["a"] = "2"
    second = subscription.respond(world)
    assert second is not None
    assert (values(second), second.changed) == ([b"a", b"b"], {"a"})
    assert second.version != first.version


def test_a_cluster_that_is_gone_is_told_by_the_set_without_it() -> None:
    world = World(a="1", b="1")
    subscription, _ = started(CLUSTER, world)
    del world.versions["b"]
    assert values(subscription.respond(world)) == [b"a"]


def test_of_other_types_only_what_changed_is_sent_and_what_is_gone_is_not_told() -> None:
    world = World(a="1", b="1")
    subscription, _ = started(ENDPOINT, world, "a", "b")
    world.versions["a"] = "2"
    assert values(subscription.respond(world)) == [b"a"]
    del world.versions["a"]
    assert subscription.respond(world) is None
    world.versions["a"] = "2"
    assert values(subscription.respond(world)) == [b"a"]


def test_a_nack_carries_its_reason_and_is_not_answered() -> None:
    subscription, reply = started(CLUSTER, World(a="1"))
    refused = subscription.receive(answer(reply, error="bad field"))
    assert (refused.error, refused.wants_response) == ("bad field", False)


def test_a_nack_without_a_reason_is_still_a_nack() -> None:
    subscription, reply = started(CLUSTER, World(a="1"))
    assert subscription.receive(answer(reply, error="")).error == NO_REASON


def test_the_names_of_an_answer_to_an_older_response_count_for_nothing() -> None:
    world = World(a="1", b="1")
    subscription, first = started(ENDPOINT, world, "a")
    world.versions["a"] = "2"
    assert subscription.respond(world) is not None
    late = subscription.receive(answer(first, "a", "b"))
    assert (late.stale, late.nonce, late.wants_response) == (True, first.nonce, False)
    assert subscription.wanted == {"a"}


def test_new_names_are_answered_with_what_is_new_to_the_client() -> None:
    world = World(a="1", b="1")
    subscription, first = started(ENDPOINT, world, "a")
    assert subscription.receive(answer(first, "a", "b")).wants_response
    assert values(subscription.respond(world)) == [b"b"]


def test_a_name_that_is_dropped_and_asked_for_again_is_sent_again() -> None:
    world = World(a="1", b="1")
    subscription, first = started(ROUTE, world, "a", "b")
    assert not subscription.receive(answer(first, "b")).wants_response
    assert subscription.receive(answer(first, "a", "b")).wants_response
    assert values(subscription.respond(world)) == [b"a"]


def test_no_names_after_some_names_means_none_and_not_all() -> None:
    subscription, first = started(CLUSTER, World(a="1", b="1"), "a")
    subscription.receive(answer(first))
    assert subscription.wanted == frozenset()


@pytest.mark.parametrize("names", [(), ("*",), ("*", "a")])
def test_all_clusters_are_asked_for_in_either_way(names: tuple[str, ...]) -> None:
    _, reply = started(CLUSTER, World(a="1", b="1"), *names)
    assert values(reply) == [b"a", b"b"]


def test_what_is_wanted_again_is_sent_although_it_is_unchanged() -> None:
    world = World(a="1", b="1")
    subscription, _ = started(ENDPOINT, world, "a", "b")
    assert values(subscription.respond(world, again={"b", "c"})) == [b"b"]


def test_a_request_without_a_nonce_starts_anew() -> None:
    world = World(a="1")
    subscription, _ = started(ENDPOINT, world, "a")
    assert subscription.receive(DiscoveryRequest(resource_names=["a"])).wants_response
    assert values(subscription.respond(world)) == [b"a"]


@given(WORLDS, st.lists(st.booleans(), min_size=8, max_size=8), st.sampled_from([CLUSTER, ENDPOINT]))
def test_a_client_has_the_servers_state_of_what_it_asks_for_however_late_it_answers(
    worlds: list[dict[str, str]], answers: list[bool], type_url: str
) -> None:
    names = () if type_url == CLUSTER else ("a", "b", "c")
    subscription, have = SotwSubscription(type_url), {}
    subscription.receive(DiscoveryRequest(resource_names=names))
    for world, answering in zip(worlds, answers, strict=False):
        reply = subscription.respond(World(**world))
        if reply is not None:
            have = {**({} if reply.whole else have), **reply.carried}
            if answering:
                assert not subscription.receive(answer(reply, *names)).wants_response
        wanted = {name: version for name, version in world.items() if not names or name in names}
        assert {name: version for name, version in have.items() if name in world} == wanted


def test_what_came_with_a_culprit_is_sent_again_without_it() -> None:
    world = World(a="1", b="1")
    subscription, first = started(ENDPOINT, world, "a", "b")
    assert subscription.receive(answer(first, "a", "b", error="a is wrong")).wants_response
    assert values(subscription.respond(world)) == [b"b"]
    assert subscription.respond(world) is None


def test_without_a_culprit_all_goes_out_again_with_the_next_change_and_not_before() -> None:
    world = World(a="1", b="1")
    subscription, first = started(ENDPOINT, world, "a", "b")
    assert not subscription.receive(answer(first, "a", "b", error="no")).wants_response
    world.versions["b"] = "2"
    assert values(subscription.respond(world)) == [b"a", b"b"]
