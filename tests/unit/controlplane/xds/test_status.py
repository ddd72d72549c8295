"""The ledger."""

from collections.abc import Collection, Mapping

from tulle.controlplane.xds.status import Ledger, ProxyStatus
from tulle.controlplane.xds.subscription import Reply
from tulle.protos.messages import DiscoveryResponse
from tulle.protos.type_urls import CLUSTER, ENDPOINT


def reply(
    nonce: str,
    carried: Mapping[str, str],
    changed: Collection[str] | None = None,
    removed: tuple[str, ...] = (),
    type_url: str = CLUSTER,
) -> Reply:
    """A response; one that says what is removed is one of the delta variant."""
    news = frozenset(carried if changed is None else changed)
    whole = type_url == CLUSTER and not removed
    return Reply(type_url, nonce, f"v{nonce}", carried, news, removed, whole, len(carried), DiscoveryResponse())


def connected() -> tuple[Ledger, ProxyStatus]:
    """A ledger with one proxy."""
    ledger = Ledger(clock=lambda: 5.0)
    return ledger, ledger.connect(1, "node")


def test_a_type_is_not_sent_then_stale_then_synced_or_in_error() -> None:
    ledger, status = connected()
    words = [status.of_type(CLUSTER).word]
    ledger.sent(status, reply("1", {"a": "1"}))
    words.append(status.of_type(CLUSTER).word)
    ledger.answered(status, CLUSTER, "1", "")
    words.append(status.of_type(CLUSTER).word)
    assert ledger.in_sync()
    ledger.sent(status, reply("2", {"a": "2"}))
    ledger.answered(status, CLUSTER, "2", "bad")
    words.append(status.of_type(CLUSTER).word)
    assert words == ["NOT SENT", "STALE", "SYNCED", "ERROR"]
    assert (ledger.rejects[CLUSTER], ledger.in_sync()) == (1, False)
    ledger.disconnect(1)
    assert ledger.proxies == {}


def test_a_refused_version_stands_beside_the_one_that_the_proxy_has() -> None:
    ledger, status = connected()
    ledger.sent(status, reply("1", {"a": "1"}))
    ledger.answered(status, CLUSTER, "1", "")
    ledger.sent(status, reply("2", {"a": "2"}))
    ledger.answered(status, CLUSTER, "2", "bad")
    ((node, found),) = ledger.holders(CLUSTER, "a")
    assert (node, found.sent, found.taken, found.error, found.word) == ("node", "2", "1", "bad", "ERROR")
    ledger.sent(status, reply("3", {"a": "3"}))
    ledger.answered(status, CLUSTER, "3", "")
    assert (found.word, found.taken, status.of_type(CLUSTER).word) == ("SYNCED", "3", "SYNCED")


def test_a_reason_that_names_a_cluster_leaves_the_others_taken() -> None:
    ledger, status = connected()
    ledger.sent(status, reply("1", {"web": "1", "web.2": "1"}))
    ledger.answered(status, CLUSTER, "1", "Error adding/updating cluster(s) web.2: no address")
    words = {name: found.word for name, found in status.of_type(CLUSTER).resources.items()}
    assert words == {"web": "SYNCED", "web.2": "ERROR"}


def test_of_other_types_all_that_came_with_the_refused_one_is_doubtful() -> None:
    ledger, status = connected()
    ledger.sent(status, reply("1", {"a": "1", "b": "1"}, type_url=ENDPOINT))
    ledger.answered(status, ENDPOINT, "1", "bad endpoint in a")
    assert {found.word for found in status.of_type(ENDPOINT).resources.values()} == {"ERROR"}


def test_a_refused_resource_stays_in_error_while_others_are_taken() -> None:
    ledger, status = connected()
    ledger.sent(status, reply("1", {"a": "1"}, type_url=ENDPOINT))
    ledger.answered(status, ENDPOINT, "1", "no")
    ledger.sent(status, reply("2", {"b": "1"}, type_url=ENDPOINT))
    ledger.answered(status, ENDPOINT, "2", "")
    assert (status.of_type(ENDPOINT).word, status.of_type(ENDPOINT).error) == ("ERROR", "no")
    ledger.sent(status, reply("3", {}, removed=("a",), type_url=ENDPOINT))
    ledger.answered(status, ENDPOINT, "3", "")
    assert status.of_type(ENDPOINT).word == "SYNCED"


def test_answers_that_come_late_count_for_the_response_that_they_answer() -> None:
    ledger, status = connected()
    ledger.sent(status, reply("1", {"a": "1"}, type_url=ENDPOINT))
    ledger.sent(status, reply("2", {"b": "1"}, type_url=ENDPOINT))
    ledger.answered(status, ENDPOINT, "2", "")
    assert status.of_type(ENDPOINT).word == "STALE"
    ledger.answered(status, ENDPOINT, "1", "")
    assert {found.word for found in status.of_type(ENDPOINT).resources.values()} == {"SYNCED"}


def test_an_answer_to_nothing_is_counted_as_stale() -> None:
    ledger, status = connected()
    ledger.answered(status, CLUSTER, "99", "")
    assert (ledger.stale_answers[CLUSTER], ledger.rejects.total()) == (1, 0)


def test_a_whole_set_without_a_resource_forgets_it() -> None:
    ledger, status = connected()
    ledger.sent(status, reply("1", {"a": "1", "b": "1"}))
    ledger.sent(status, reply("2", {"b": "1"}, changed=()))
    assert list(ledger.holders(CLUSTER, "a")) == []


def test_a_status_as_data_names_every_type_and_on_demand_every_resource() -> None:
    ledger, status = connected()
    ledger.sent(status, reply("1", {"a": "1"}))
    short = status.as_dict()
    assert short["EDS"] == {"status": "NOT SENT", "error": "", "resources": 0, "version": "",
                            "sent_at": 0.0, "answered_at": 0.0}  # fmt: skip
    assert "by_name" not in short["CDS"]  # type: ignore[operator]
    long = status.as_dict(resources=True)["CDS"]
    assert long["by_name"] == {"a": {"status": "STALE", "sent": "1", "taken": "", "error": ""}}  # type: ignore[index]


def test_what_a_proxy_is_not_to_have_any_more_is_forgotten_with_its_error() -> None:
    ledger, status = connected()
    ledger.sent(status, reply("1", {"a": "1", "b": "1"}, type_url=ENDPOINT))
    ledger.answered(status, ENDPOINT, "1", "no")
    ledger.keep_only(status, ENDPOINT, {"b"})
    assert status.of_type(ENDPOINT).word == "ERROR"
    ledger.keep_only(status, ENDPOINT, ())
    assert status.of_type(ENDPOINT).word == "SYNCED"
