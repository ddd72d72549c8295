"""Incremental xDS, as conversations."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.controlplane.xds.worlds import World
from tulle.controlplane.xds.delta import DeltaSubscription
from tulle.protos.messages import DeltaDiscoveryRequest
from tulle.protos.type_urls import CLUSTER, ENDPOINT


def test_only_what_changed_is_sent_and_what_is_gone_is_named() -> None:
    subscription, world = DeltaSubscription(CLUSTER), World(a="1", b="1")
    assert subscription.receive(DeltaDiscoveryRequest()).wants_response
    first = subscription.respond(world, "1")
    assert first is not None
    assert sorted(item.name for item in first.resources) == ["a", "b"]
    world.versions = {"a": "2", "c": "1"}
    second = subscription.respond(world, "2")
    assert second is not None
    assert sorted(item.name for item in second.resources) == ["a", "c"]
    assert second.removed_resources[:] == ["b"]
    assert subscription.respond(world, "3") is None


def test_after_a_reconnect_only_the_difference_is_sent() -> None:
    subscription = DeltaSubscription(CLUSTER)
    subscription.receive(DeltaDiscoveryRequest(initial_resource_versions={"a": "1", "gone": "1"}))
    response = subscription.respond(World(a="1", b="1"), "1")
    assert response is not None
    assert ([item.name for item in response.resources], response.removed_resources[:]) == (["b"], ["gone"])


def test_a_name_that_does_not_exist_is_answered_as_removed_and_one_asked_again_is_sent_again() -> None:
    subscription, world = DeltaSubscription(ENDPOINT), World(a="1")
    subscription.receive(DeltaDiscoveryRequest(resource_names_subscribe=["a", "none"]))
    first = subscription.respond(world, "1")
    assert first is not None
    assert first.removed_resources[:] == ["none"]
    assert subscription.receive(DeltaDiscoveryRequest(resource_names_subscribe=["a"])).wants_response
    again = subscription.respond(world, "1")
    assert again is not None
    assert [item.name for item in again.resources] == ["a"]


def test_a_nack_and_an_ack_are_told_apart() -> None:
    subscription = DeltaSubscription(CLUSTER)
    subscription.receive(DeltaDiscoveryRequest())
    response = subscription.respond(World(a="1"), "1")
    assert response is not None
    nack = DeltaDiscoveryRequest(response_nonce=response.nonce)
    nack.error_detail.message = "no"
    assert subscription.receive(nack).error == "no"
    assert subscription.receive(DeltaDiscoveryRequest(response_nonce=response.nonce)).error == ""


WORLDS = st.lists(st.dictionaries(st.sampled_from("abcde"), st.sampled_from("123")), min_size=1, max_size=8)


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
        response = subscription.respond(World(**world), "v")
        if response is not None:
            have.update({item.name: item.version for item in response.resources})
            for name in response.removed_resources:
                have.pop(name, None)
        assert have == world
