"""State of the world, as conversations."""

from tests.unit.controlplane.xds.worlds import World
from tulle.controlplane.xds.sotw import SotwSubscription
from tulle.protos.messages import DiscoveryRequest
from tulle.protos.type_urls import CLUSTER, ENDPOINT


def test_clusters_are_asked_for_without_names_and_an_unchanged_world_is_not_sent_again() -> None:
    subscription, world = SotwSubscription(CLUSTER), World(a="1", b="1")
    assert subscription.receive(DiscoveryRequest(type_url=CLUSTER)).wants_response
    response = subscription.respond(world, "1")
    assert response is not None
    assert [item.value for item in response.resources] == [b"a", b"b"]
    ack = DiscoveryRequest(type_url=CLUSTER, response_nonce=response.nonce, version_info="1")
    answer = subscription.receive(ack)
    assert (answer.nonce, answer.error, answer.wants_response) == (response.nonce, "", False)
    assert subscription.respond(world, "2") is None
    world.versions["a"] = "2"
    assert subscription.respond(world, "3") is not None


def test_a_nack_carries_its_reason_and_is_not_answered() -> None:
    subscription = SotwSubscription(CLUSTER)
    subscription.receive(DiscoveryRequest())
    response = subscription.respond(World(a="1"), "1")
    assert response is not None
    nack = DiscoveryRequest(response_nonce=response.nonce)
    nack.error_detail.message = "bad field"
    answer = subscription.receive(nack)
    assert (answer.error, answer.wants_response) == ("bad field", False)


def test_a_stale_nonce_counts_for_nothing_and_new_names_are_answered() -> None:
    subscription, world = SotwSubscription(ENDPOINT), World(a="1", b="1")
    subscription.receive(DiscoveryRequest(resource_names=["a"]))
    first = subscription.respond(world, "1")
    assert first is not None
    assert not subscription.receive(DiscoveryRequest(resource_names=["b"], response_nonce="99")).wants_response
    more = DiscoveryRequest(resource_names=["a", "b"], response_nonce=first.nonce)
    assert subscription.receive(more).wants_response
    second = subscription.respond(world, "1")
    assert second is not None
    assert len(second.resources) == 2
