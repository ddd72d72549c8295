"""Incremental xDS, as conversations."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.controlplane.xds.worlds import WORLDS, World
from tulle.controlplane.xds.delta import DeltaSubscription
from tulle.controlplane.xds.subscription import Reply
from tulle.protos.messages import DeltaDiscoveryRequest
from tulle.protos.type_urls import CLUSTER, ENDPOINT


def started(type_url: str, world: World, *names: str, has: Mapping[str, str] | None = None) -> DeltaSubscription:
    """A subscription that has had its first response."""
    subscription = DeltaSubscription(type_url)
    request = DeltaDiscoveryRequest(resource_names_subscribe=names, initial_resource_versions=has or {})
    assert subscription.receive(request).wants_response
    assert subscription.respond(world) is not None
    return subscription


def sent(reply: Reply | None) -> tuple[list[str], list[str]]:
    """The names that a response carries, and those that it takes away."""
    assert reply is not None
    names = [item.name for item in reply.message.resources]  # type: ignore[union-attr]
    assert names == list(reply.carried)
    return names, list(reply.removed)


def test_only_what_changed_is_sent_and_what_is_gone_is_named() -> None:
    world = World(a="1", b="1")
    subscription = started(CLUSTER, world)
    world.versions = {"a": "2", "c": "1"}
    assert sent(subscription.respond(world)) == (["a", "c"], ["b"])
    assert subscription.respond(world) is None


def test_after_a_reconnect_only_the_difference_is_sent() -> None:
    subscription = DeltaSubscription(CLUSTER)
    subscription.receive(DeltaDiscoveryRequest(initial_resource_versions={"a": "1", "gone": "1"}))
    assert sent(subscription.respond(World(a="1", b="1"))) == (["b"], ["gone"])


def test_a_client_that_comes_back_with_everything_gets_an_empty_response() -> None:
    subscription = DeltaSubscription(ENDPOINT)
    request = DeltaDiscoveryRequest(resource_names_subscribe=["a"], initial_resource_versions={"a": "1"})
    assert subscription.receive(request).wants_response
    assert sent(subscription.respond(World(a="1"))) == ([], [])


def test_a_name_that_does_not_exist_is_answered_as_removed_and_sent_when_it_comes() -> None:
    subscription, world = DeltaSubscription(ENDPOINT), World(a="1")
    subscription.receive(DeltaDiscoveryRequest(resource_names_subscribe=["a", "late"]))
    assert sent(subscription.respond(world)) == (["a"], ["late"])
    assert subscription.respond(world) is None
    world.versions["late"] = "1"
    assert sent(subscription.respond(world)) == (["late"], [])


def test_a_name_that_is_asked_for_again_is_sent_again() -> None:
    world = World(a="1", b="1")
    subscription = started(ENDPOINT, world, "a", "b")
    assert subscription.receive(DeltaDiscoveryRequest(resource_names_subscribe=["a"])).wants_response
    assert sent(subscription.respond(world)) == (["a"], [])


def test_what_is_wanted_again_is_sent_although_it_is_unchanged() -> None:
    world = World(a="1", b="1")
    subscription = started(ENDPOINT, world, "a", "b")
    assert sent(subscription.respond(world, again={"b", "c"})) == (["b"], [])


def test_a_nack_and_an_ack_are_told_apart_and_neither_is_answered() -> None:
    subscription = started(CLUSTER, World(a="1"))
    nack = DeltaDiscoveryRequest(response_nonce=subscription.nonce)
    nack.error_detail.message = "no"
    refused = subscription.receive(nack)
    assert (refused.nonce, refused.error, refused.wants_response) == ("1", "no", False)
    taken = subscription.receive(DeltaDiscoveryRequest(response_nonce=subscription.nonce))
    assert (taken.error, taken.wants_response) == ("", False)


def test_an_ack_may_change_the_subscription_too() -> None:
    world = World(a="1", b="1")
    subscription = started(ENDPOINT, world, "a")
    request = DeltaDiscoveryRequest(
        response_nonce="1", resource_names_subscribe=["b"], resource_names_unsubscribe=["a"]
    )
    assert subscription.receive(request).wants_response
    assert sent(subscription.respond(world)) == (["b"], [])
    assert subscription.wanted == {"b"}


def test_what_is_unsubscribed_is_not_sent_any_more_and_sent_anew_when_asked_for_again() -> None:
    world = World(a="1", b="1")
    subscription = started(ENDPOINT, world, "a", "b")
    assert not subscription.receive(DeltaDiscoveryRequest(resource_names_unsubscribe=["a"])).wants_response
    world.versions["a"] = "2"
    assert subscription.respond(world) is None
    subscription.receive(DeltaDiscoveryRequest(resource_names_subscribe=["a"]))
    assert sent(subscription.respond(world)) == (["a"], [])


def test_a_name_that_is_unsubscribed_under_a_wildcard_is_told_what_remains_of_it() -> None:
    world = World(a="1", b="1")
    subscription = started(CLUSTER, world, "*", "a", "none")
    assert subscription.wanted is None
    subscription.receive(DeltaDiscoveryRequest(resource_names_unsubscribe=["a", "none"]))
    assert sent(subscription.respond(world)) == (["a"], ["none"])


def test_without_the_wildcard_only_the_names_remain() -> None:
    world = World(a="1", b="1")
    subscription = started(CLUSTER, world, "*", "a")
    assert not subscription.receive(DeltaDiscoveryRequest(resource_names_unsubscribe=["*"])).wants_response
    world.versions = {"a": "2", "b": "2"}
    assert sent(subscription.respond(world)) == (["a"], [])
    assert subscription.receive(DeltaDiscoveryRequest(resource_names_subscribe=["*"])).wants_response
    assert sent(subscription.respond(world)) == (["b"], [])


@given(WORLDS, st.lists(st.booleans(), min_size=8, max_size=8))
def test_a_client_that_applies_what_it_gets_has_the_servers_state_however_often_it_reconnects(
    worlds: list[dict[str, str]], reconnects: list[bool]
) -> None:
    have: dict[str, str] = {}
    subscription = DeltaSubscription(CLUSTER)
    subscription.receive(DeltaDiscoveryRequest())
    for world, reconnect in zip(worlds, reconnects, strict=False):
        if reconnect:
            subscription = DeltaSubscription(CLUSTER)
            subscription.receive(DeltaDiscoveryRequest(initial_resource_versions=have))
        reply = subscription.respond(World(**world))
        if reply is not None:
            have.update(reply.carried)
            for name in reply.removed:
                have.pop(name, None)
        assert have == world


def test_what_came_with_a_culprit_is_sent_again_without_it_and_what_was_gone_is_told_again() -> None:
    world = World(a="1", b="1", c="1")
    subscription = started(CLUSTER, world)
    world.versions = {"a": "2", "b": "2"}
    assert sent(subscription.respond(world)) == (["a", "b"], ["c"])
    nack = DeltaDiscoveryRequest(response_nonce="2")
    nack.error_detail.message = "cannot take a: no"
    assert subscription.receive(nack).wants_response
    assert sent(subscription.respond(world)) == (["b"], ["c"])


def test_without_a_culprit_all_goes_out_again_with_the_next_change_and_not_before() -> None:
    world = World(a="1")
    subscription = started(CLUSTER, world)
    nack = DeltaDiscoveryRequest(response_nonce="1")
    nack.error_detail.message = "no"
    assert not subscription.receive(nack).wants_response
    world.versions["b"] = "1"
    assert sent(subscription.respond(world)) == (["a", "b"], [])
