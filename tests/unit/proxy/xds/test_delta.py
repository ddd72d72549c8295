"""Conversations in the incremental variant."""

from typing import Any

import pytest

from tulle.protos.messages import Cluster, DeltaDiscoveryResponse, Node
from tulle.protos.type_urls import CLUSTER, ENDPOINT, LISTENER
from tulle.proxy.xds.delta import Delta
from tulle.proxy.xds.discovery import Received


def _machine() -> Delta:
    return Delta(Node(id="n"))


def _hears(machine: Delta, type_url: str, nonce: str, removed: tuple[str, ...] = (), **versions: str) -> Received:
    response = DeltaDiscoveryResponse(type_url=type_url, nonce=nonce, removed_resources=removed)
    for name, version in versions.items():
        response.resources.add(name=name, version=version).resource.Pack(Cluster(name=name))
    received = machine.receive(response)
    assert received is not None
    return received


def _first(requests: Any) -> Any:
    assert len(requests) == 1
    return requests[0]


def test_everything_is_asked_for_without_names_and_with_the_node_once() -> None:
    machine = _machine()
    machine.subscribe(LISTENER, None)
    machine.subscribe(CLUSTER, None)
    requests: Any = machine.open()
    assert [(request.type_url, request.node.id) for request in requests] == [(CLUSTER, "n"), (LISTENER, "")]
    assert not requests[0].resource_names_subscribe


def test_only_the_difference_of_a_subscription_is_sent_and_without_nonce() -> None:
    machine = _machine()
    machine.open()
    first = _first(machine.subscribe(ENDPOINT, {"a", "b"}))
    assert list(first.resource_names_subscribe) == ["a", "b"]
    change = _first(machine.subscribe(ENDPOINT, {"b", "c"}))
    assert list(change.resource_names_subscribe) == ["c"]
    assert list(change.resource_names_unsubscribe) == ["a"]
    assert change.response_nonce == ""
    assert machine.subscribe(ENDPOINT, {"c", "b"}) == []


def test_a_reconnect_tells_the_versions_that_were_accepted() -> None:
    machine = _machine()
    machine.subscribe(CLUSTER, None)
    machine.open()
    answer = _first(machine.ack(_hears(machine, CLUSTER, "1", a="v1", b="v1")))
    assert (answer.response_nonce, answer.HasField("error_detail")) == ("1", False)
    machine.ack(_hears(machine, CLUSTER, "2", removed=("b",), c="v1"))
    machine.close()
    again = _first(machine.open())
    assert dict(again.initial_resource_versions) == {"a": "v1", "c": "v1"}


def test_a_nack_leaves_the_versions_as_they_were() -> None:
    machine = _machine()
    machine.subscribe(CLUSTER, None)
    machine.open()
    machine.ack(_hears(machine, CLUSTER, "1", a="v1"))
    answer = _first(machine.nack(_hears(machine, CLUSTER, "2", a="v2", b="v1"), "b is broken"))
    assert (answer.response_nonce, answer.error_detail.message) == ("2", "b is broken")
    machine.close()
    assert dict(_first(machine.open()).initial_resource_versions) == {"a": "v1"}


def test_what_was_unsubscribed_is_forgotten_and_not_taken_when_it_still_comes() -> None:
    machine = _machine()
    machine.open()
    machine.subscribe(ENDPOINT, {"a", "b"})
    machine.ack(_hears(machine, ENDPOINT, "1", a="v1", b="v1"))
    machine.subscribe(ENDPOINT, {"b"})
    late = _hears(machine, ENDPOINT, "2", a="v2", b="v2")
    assert [resource.name for resource in late.resources] == ["b"]
    machine.ack(late)
    machine.close()
    again = _first(machine.open())
    assert dict(again.initial_resource_versions) == {"b": "v2"}
    assert list(again.resource_names_subscribe) == ["b"]


def test_a_response_is_never_the_whole_state() -> None:
    machine = _machine()
    machine.subscribe(CLUSTER, None)
    assert not _hears(machine, CLUSTER, "1", a="v1").whole


def test_an_empty_subscription_is_not_asked_for_on_a_new_stream() -> None:
    machine = _machine()
    machine.open()
    machine.subscribe(ENDPOINT, {"a"})
    assert list(_first(machine.subscribe(ENDPOINT, ())).resource_names_unsubscribe) == ["a"]
    machine.close()
    assert machine.open() == []
    assert list(_first(machine.subscribe(ENDPOINT, {"b"})).resource_names_subscribe) == ["b"]


def test_endpoints_cannot_be_asked_for_without_names() -> None:
    with pytest.raises(ValueError, match="wants names"):
        _machine().subscribe(ENDPOINT, None)


def test_a_response_that_nobody_asked_for_is_not_taken() -> None:
    assert _machine().receive(DeltaDiscoveryResponse(type_url=CLUSTER)) is None
