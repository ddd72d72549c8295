"""Conversations in the state-of-the-world variant."""

from typing import Any

import pytest

from tulle.protos.messages import Cluster, DiscoveryResponse, Node
from tulle.protos.type_urls import CLUSTER, ENDPOINT, LISTENER
from tulle.proxy.xds.discovery import Received
from tulle.proxy.xds.sotw import Sotw


def _machine(**options: bool) -> Sotw:
    return Sotw(Node(id="n"), **options)


def _said(requests: Any) -> list[tuple[str, str, str, list[str]]]:
    """(type, version, nonce, names) of each request."""
    return [
        (request.type_url, request.version_info, request.response_nonce, list(request.resource_names))
        for request in requests
    ]


def _hears(machine: Sotw, type_url: str, version: str, nonce: str, *names: str) -> Received:
    response = DiscoveryResponse(type_url=type_url, version_info=version, nonce=nonce)
    for name in names:
        response.resources.add().Pack(Cluster(name=name))
    received = machine.receive(response)
    assert received is not None
    return received


def test_a_subscription_is_asked_for_when_the_stream_opens_clusters_before_listeners() -> None:
    machine = _machine()
    assert machine.subscribe(LISTENER, None) == []
    assert machine.subscribe(CLUSTER, None) == []
    assert _said(machine.open()) == [(CLUSTER, "", "", []), (LISTENER, "", "", [])]


def test_the_node_goes_with_the_first_request_only_or_with_all() -> None:
    for first_only, expected in ((True, ["n", ""]), (False, ["n", "n"])):
        machine = _machine(node_on_first_only=first_only)
        machine.subscribe(CLUSTER, None)
        machine.subscribe(LISTENER, None)
        assert [request.node.id for request in machine.open()] == expected  # type: ignore[attr-defined]


def test_an_ack_echoes_version_and_nonce() -> None:
    machine = _machine()
    machine.subscribe(CLUSTER, None)
    machine.open()
    received = _hears(machine, CLUSTER, "v1", "n1", "a")
    assert received.whole
    assert [resource.type_url for resource in received.resources] == [CLUSTER]
    assert _said(machine.ack(received)) == [(CLUSTER, "v1", "n1", [])]


def test_a_nack_echoes_the_nonce_beside_the_version_in_force_and_says_why() -> None:
    machine = _machine()
    machine.subscribe(CLUSTER, None)
    machine.open()
    machine.ack(_hears(machine, CLUSTER, "v1", "n1"))
    requests = machine.nack(_hears(machine, CLUSTER, "v2", "n2"), "no good")
    assert _said(requests) == [(CLUSTER, "v1", "n2", [])]
    assert (requests[0].error_detail.code, requests[0].error_detail.message) == (13, "no good")  # type: ignore[attr-defined]


def test_a_changed_subscription_carries_the_version_and_nonce_of_its_type() -> None:
    machine = _machine()
    machine.open()
    assert _said(machine.subscribe(ENDPOINT, {"b", "a"})) == [(ENDPOINT, "", "", ["a", "b"])]
    machine.ack(_hears(machine, ENDPOINT, "e1", "n1"))
    assert _said(machine.subscribe(ENDPOINT, {"a"})) == [(ENDPOINT, "e1", "n1", ["a"])]
    assert machine.subscribe(ENDPOINT, ["a"]) == []


def test_names_that_nobody_wants_any_longer_are_unsubscribed_but_never_asked_for_first() -> None:
    machine = _machine()
    machine.open()
    assert machine.subscribe(ENDPOINT, ()) == []
    machine.subscribe(ENDPOINT, {"a"})
    machine.ack(_hears(machine, ENDPOINT, "e1", "n1"))
    assert _said(machine.subscribe(ENDPOINT, ())) == [(ENDPOINT, "e1", "n1", [])]
    machine.close()
    assert machine.open() == [], "without names a first request would mean everything"


def test_after_a_reconnect_the_accepted_version_is_told_and_the_nonce_is_forgotten() -> None:
    machine = _machine()
    machine.subscribe(CLUSTER, None)
    machine.open()
    machine.ack(_hears(machine, CLUSTER, "v1", "n1"))
    machine.nack(_hears(machine, CLUSTER, "v2", "n2"), "no")
    machine.close()
    requests = machine.open()
    assert _said(requests) == [(CLUSTER, "v1", "", [])]
    assert requests[0].node.id == "n"  # type: ignore[attr-defined]


def test_a_response_that_nobody_asked_for_is_not_taken() -> None:
    machine = _machine()
    machine.open()
    assert machine.receive(DiscoveryResponse(type_url=CLUSTER)) is None


def test_endpoints_cannot_be_asked_for_without_names() -> None:
    with pytest.raises(ValueError, match="wants names"):
        _machine().subscribe(ENDPOINT, None)
