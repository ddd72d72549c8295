"""Which transport socket a host gets."""

from typing import Any

import pytest
from google.protobuf import json_format

from tests.support.certificates import authority
from tulle.protos.messages import Cluster
from tulle.protos.pool import pool
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.transport_choice import TransportChoice, check_transport_sockets

TYPES = "type.googleapis.com/envoy.extensions.transport_sockets."
PLAIN = {"name": "plain", "typed_config": {"@type": f"{TYPES}raw_buffer.v3.RawBuffer"}}


def tls(sni: str = "", **common: Any) -> dict[str, Any]:
    config = {"@type": f"{TYPES}tls.v3.UpstreamTlsContext", "sni": sni, "common_tls_context": common}
    return {"name": "tls", "typed_config": config}


def proto(**fields: Any) -> Cluster:
    return json_format.ParseDict({"name": "a", **fields}, Cluster(), descriptor_pool=pool())


def host(**labels: Any) -> Host:
    found = Host("127.0.0.1:80")
    found.metadata = {"envoy.transport_socket_match": labels}
    return found


def name_of(choice: TransportChoice, where: Host) -> str | None:
    dialect = choice.dialect(where, "h2")
    return None if dialect is None else dialect.tls.name_for("")


def test_without_a_transport_socket_connections_are_plain() -> None:
    assert TransportChoice(proto(), StatsStore(), "cluster.a.").dialect(host(), "h2") is None
    assert TransportChoice(proto(transport_socket=PLAIN), StatsStore(), "cluster.a.").dialect(host(), "h2") is None


def test_the_first_match_that_the_hosts_metadata_meets_counts() -> None:
    store = StatsStore()
    matches = [
        {"name": "both", "match": {"a": "1", "b": True}, "transport_socket": tls("both")},
        {"name": "mtls", "match": {"a": "1"}, "transport_socket": tls("one")},
        {"name": "legacy", "match": {"plain": "yes"}, "transport_socket": PLAIN},
    ]
    choice = TransportChoice(proto(transport_socket=tls("rest"), transport_socket_matches=matches), store, "cluster.a.")
    hosts = [host(a="1", b=True), host(a="1"), host(plain="yes"), host(a="2"), Host("127.0.0.1:81")]
    assert [name_of(choice, each) for each in hosts] == ["both", "one", None, "rest", "rest"]
    choice.count(hosts)
    assert store.counter("cluster.a.default.total_match_count").value == 2
    assert store.counter("cluster.a.mtls.total_match_count").value == 1


def test_one_cluster_has_one_dialect_for_each_protocol() -> None:
    choice = TransportChoice(proto(transport_socket=tls()), StatsStore(), "cluster.a.")
    assert choice.dialect(host(), "h2") is choice.dialect(host(), "h2")
    assert choice.dialect(host(), "h2") is not choice.dialect(host(), "")


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"transport_socket": tls(validation_context={"trusted_ca": {"inline_bytes": ""}})}, ["is empty"]),
        ({"transport_socket": {"name": "starttls"}}, ["starttls is not a supported transport socket"]),
        (
            {"transport_socket_matches": [{"name": "m", "transport_socket": PLAIN}] * 2},
            ["is the name of another match"],
        ),
        ({"transport_socket_matches": [{"name": "m"}]}, ["nothing is not a supported transport socket"]),
        ({"transport_socket": tls("x.org")}, []),
    ],
)
def test_what_cannot_be_built_is_told_with_its_place(fields: dict[str, Any], problems: list[str]) -> None:
    found = check_transport_sockets(proto(**fields))
    assert [problem.message for problem in found] == problems
    assert all(problem.path.startswith("transport_socket") for problem in found)


def test_paths_lead_into_the_context() -> None:
    common = {"validation_context": {"trusted_ca": {"filename": "/no/such"}}}
    (problem,) = check_transport_sockets(proto(transport_socket=tls(**common)))
    assert problem.path == "transport_socket.typed_config.common_tls_context.validation_context.trusted_ca.filename"
    assert authority().pem
