"""A client's conversation over several types."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.mesh import CLIENT, HOST, REVIEWS, context_of
from tulle.controlplane.xds.delta import DeltaSubscription
from tulle.controlplane.xds.session import BadRequest, Session
from tulle.controlplane.xds.sotw import SotwSubscription
from tulle.controlplane.xds.status import Ledger
from tulle.controlplane.xds.subscription import Reply, Subscription
from tulle.protos.messages import DeltaDiscoveryRequest, DiscoveryRequest
from tulle.protos.type_urls import CLUSTER, ENDPOINT, LISTENER, ROUTE, SHORT_NAMES

V1 = f"outbound|9080|v1|{HOST}"
SUBSCRIBE = [SotwSubscription, DeltaSubscription]
Subscribe = Callable[[str], Subscription[Any]]


def session_of(subscribe: Subscribe, text: str = REVIEWS) -> tuple[Session, Ledger]:
    """A session that knows a mesh."""
    ledger = Ledger()
    return Session(1, context_of(text), ledger, subscribe), ledger


def ask(session: Session, subscribe: Subscribe, type_url: str, *names: str, **more: str) -> list[Reply]:
    """What a first request for a type is answered with."""
    request: Any
    if subscribe is SotwSubscription:
        request = DiscoveryRequest(type_url=type_url, resource_names=names, **more)
    else:
        request = DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=names, **more)
    request.node.id = CLIENT.id
    return list(session.receive(request))


def kinds(replies: Iterable[Reply]) -> list[str]:
    """The short names of the types of responses."""
    return [SHORT_NAMES[reply.type_url] for reply in replies]


@pytest.mark.parametrize("subscribe", SUBSCRIBE)
def test_a_push_goes_in_the_order_that_breaks_nothing(subscribe: Subscribe) -> None:
    session, ledger = session_of(subscribe)
    for type_url, names in ((ROUTE, ("9080",)), (LISTENER, ()), (ENDPOINT, (V1,)), (CLUSTER, ())):
        assert len(ask(session, subscribe, type_url, *names)) == 1
    more = REVIEWS.replace("reviews", "ratings").replace("10.0.0.1", "10.0.0.9").replace("9080", "9081")
    changed = context_of(REVIEWS.replace("10.1.0.1", "10.1.0.7") + f"---{more.replace('r1', 's1').replace('r2', 's2')}")
    assert kinds(session.push(changed)) == ["CDS", "EDS", "LDS"]
    (status,) = ledger.proxies.values()
    assert status.context == changed.version


@pytest.mark.parametrize("subscribe", SUBSCRIBE)
def test_a_push_that_changes_nothing_for_a_client_is_silent(subscribe: Subscribe) -> None:
    session, _ = session_of(subscribe)
    ask(session, subscribe, CLUSTER)
    assert list(session.push(context_of(REVIEWS))) == []


@pytest.mark.parametrize("subscribe", SUBSCRIBE)
def test_the_endpoints_of_a_cluster_that_changed_are_sent_again_for_it_to_become_warm(subscribe: Subscribe) -> None:
    session, _ = session_of(subscribe)
    ask(session, subscribe, CLUSTER)
    ask(session, subscribe, ENDPOINT, V1)
    policy = "host: reviews, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 3s}}},"
    cds, eds = session.push(context_of(REVIEWS.replace("host: reviews,", policy)))
    assert V1 in cds.changed
    assert list(eds.carried) == [V1]


def test_a_client_that_comes_back_with_an_old_cluster_is_sent_its_endpoints_although_it_has_them() -> None:
    session, _ = session_of(DeltaSubscription)
    ask(session, DeltaSubscription, CLUSTER)
    (first,) = ask(session, DeltaSubscription, ENDPOINT, V1)
    again, _ = session_of(DeltaSubscription)
    changed = DeltaDiscoveryRequest(type_url=CLUSTER, initial_resource_versions={V1: "older"})
    changed.node.id = CLIENT.id
    assert kinds(again.receive(changed)) == ["CDS"]
    known = DeltaDiscoveryRequest(
        type_url=ENDPOINT, resource_names_subscribe=[V1], initial_resource_versions=dict(first.carried)
    )
    (reply,) = again.receive(known)
    assert list(reply.carried) == [V1]


def test_a_client_that_comes_back_with_everything_is_sent_nothing_new() -> None:
    session, _ = session_of(DeltaSubscription)
    asked = {CLUSTER: (), ENDPOINT: (V1,), LISTENER: (), ROUTE: ("9080",)}
    has = {url: dict(ask(session, DeltaSubscription, url, *names)[0].carried) for url, names in asked.items()}
    again, _ = session_of(DeltaSubscription)
    for type_url, names in asked.items():
        request = DeltaDiscoveryRequest(
            type_url=type_url, resource_names_subscribe=names, initial_resource_versions=has[type_url]
        )
        request.node.id = CLIENT.id
        (reply,) = again.receive(request)
        assert (dict(reply.carried), reply.removed) == ({}, ())


@pytest.mark.parametrize("subscribe", SUBSCRIBE)
def test_answers_stand_in_the_ledger_until_the_client_is_gone(
    subscribe: Subscribe, caplog: pytest.LogCaptureFixture
) -> None:
    session, ledger = session_of(subscribe)
    (reply,) = ask(session, subscribe, CLUSTER)
    assert session.node is not None
    (status,) = ledger.proxies.values()
    assert (status.node_id, status.of_type(CLUSTER).word) == (CLIENT.id, "STALE")
    nack: Any = DiscoveryRequest if subscribe is SotwSubscription else DeltaDiscoveryRequest
    request = nack(type_url=CLUSTER, response_nonce=reply.nonce)
    request.error_detail.message = "no such thing"
    assert list(session.receive(request)) == []
    assert (status.of_type(CLUSTER).word, ledger.rejects[CLUSTER]) == ("ERROR", 1)
    assert "refused CDS: no such thing" in caplog.text
    session.close()
    assert ledger.proxies == {}


def test_a_request_without_a_type_or_a_first_one_without_a_node_is_refused() -> None:
    session, ledger = session_of(SotwSubscription)
    for request in (DiscoveryRequest(type_url=CLUSTER), DiscoveryRequest()):
        with pytest.raises(BadRequest):
            list(session.receive(request))
    assert ledger.proxies == {}


@pytest.mark.parametrize("subscribe", SUBSCRIBE)
def test_a_type_that_nobody_makes_is_answered_with_nothing(subscribe: Subscribe) -> None:
    session, _ = session_of(subscribe)
    (reply,) = ask(session, subscribe, "type.googleapis.com/unknown", "a")
    assert (reply.carried, len(reply.message.resources)) == ({}, 0)


@pytest.mark.parametrize("subscribe", SUBSCRIBE)
def test_what_cannot_be_made_for_a_proxy_leaves_it_what_it_has_and_the_other_types_go_on(
    subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session, ledger = session_of(subscribe)
    for type_url, names in ((CLUSTER, ()), (ENDPOINT, (V1,)), (LISTENER, ()), (ROUTE, ("9080",))):
        ask(session, subscribe, type_url, *names)

    def fail(*_: object) -> Any:
        raise ValueError("a bad resource")

    (status,) = ledger.proxies.values()
    changed = REVIEWS.replace("10.1.0.1", "10.1.0.7").replace("9080", "9081")
    with monkeypatch.context() as patch:
        patch.setattr("tulle.controlplane.translate.generate.translate_listeners", fail)
        assert kinds(session.push(context_of(changed)))[0] == "CDS"
        assert f"LDS for {CLIENT.id}" in caplog.text
        assert status.of_type(LISTENER).word == "ERROR"
        assert status.of_type(LISTENER).as_dict()["error"] == "control plane: ValueError: a bad resource"
        assert list(status.of_type(LISTENER).resources) != []
        assert list(session.push(context_of(changed))) == []
    assert kinds(session.push(context_of(changed))) == ["LDS"]
    assert status.of_type(LISTENER).failure == ""


def test_a_client_whose_first_answer_cannot_be_made_gets_it_with_the_next_context(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, ledger = session_of(SotwSubscription)

    def fail(*_: object) -> Any:
        raise KeyError("x")

    with monkeypatch.context() as patch:
        patch.setattr("tulle.controlplane.translate.generate.translate_clusters", fail)
        assert ask(session, SotwSubscription, CLUSTER) == []
    assert not ledger.in_sync()
    assert kinds(session.push(context_of(REVIEWS))) == ["CDS"]
    (status,) = ledger.proxies.values()
    assert status.of_type(CLUSTER).word == "STALE"
