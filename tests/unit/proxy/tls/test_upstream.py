"""TLS with hosts."""

import asyncio
from typing import Any

import pytest
from google.protobuf import json_format

from tests.support.certificates import authority, identity
from tests.support.fake_transport import FakeTransport
from tests.support.tls_peers import Peer, Recorder, recipe
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import UpstreamTlsContext
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.tls.contexts import make_context
from tulle.proxy.tls.failures import Failure
from tulle.proxy.tls.upstream import UpstreamTls, build_upstream_tls, check_upstream_tls

CA = {"validation_context": {"trusted_ca": {"inline_string": authority().pem.decode()}}}


class Bench:
    """A cluster with TLS, and hosts that OpenSSL plays."""

    def __init__(self, fields: dict[str, Any] | None = None, **common: Any) -> None:
        self.store = StatsStore()
        self.tls: UpstreamTls = build_upstream_tls(config(fields, **{**CA, **common}), "cluster.a.", self.store)
        self.told: list[Failure | None] = []
        self.recorder = Recorder()
        self.made: list[Recorder] = []

    def connect(self, fallback: str = "", hostname: str = "", **server: Any) -> Peer:
        peer = Peer(make_context(recipe(True, **server)), True, None)

        async def run() -> None:  # the dialect asks for the running loop
            wrapped = self.tls.dialect(fallback).connect(hostname, self._make, self.told.append)
            lower = FakeTransport(wrapped)
            wrapped.connection_made(lower)
            taken = 0
            while lower.written[taken:]:
                data, taken = lower.written[taken:], len(lower.written)
                peer.take(data)
                wrapped.data_received(peer.sent())
            wrapped.close()
            lower.settle()

        asyncio.run(run())
        return peer

    def _make(self) -> Recorder:
        self.made.append(Recorder())
        return self.made[-1]

    def counters(self) -> dict[str, int]:
        found = self.store.snapshot().counters
        return {name.removeprefix("cluster.a.ssl."): value for name, value in found.items() if value}


def config(fields: dict[str, Any] | None = None, **common: Any) -> bytes:
    given = {"common_tls_context": common, **(fields or {})}
    return json_format.ParseDict(given, UpstreamTlsContext()).SerializeToString()


def test_a_protocol_is_made_when_the_handshake_is_over() -> None:
    bench = Bench()
    peer = bench.connect("h2", alpn=("http/1.1", "h2"))
    assert (len(bench.made), bench.told) == (1, [None])
    assert peer.connection.selected_alpn_protocol() == "h2"
    assert peer.connection.version() == "TLSv1.2", "Envoy's clients speak 1.2 unless they are told otherwise"
    assert bench.counters()["handshake"] == 1


def test_configured_protocols_come_before_those_of_the_pool() -> None:
    peer = Bench(alpn_protocols=["istio"]).connect("h2", alpn=("h2", "istio"))
    assert peer.connection.selected_alpn_protocol() == "istio"


def test_a_host_that_is_not_accepted_gives_no_protocol() -> None:
    bench = Bench(validation_context={"trusted_ca": {"inline_string": authority("other").pem.decode()}})
    bench.connect()
    assert bench.made == []
    (failure,) = bench.told
    assert failure is not None
    assert "unable to get local issuer certificate" in failure.reason
    assert bench.counters() == {"fail_verify_error": 1}


@pytest.mark.parametrize(
    ("fields", "hostname", "asked"),
    [
        ({}, "host.org", None),
        ({"sni": "a.org"}, "host.org", "a.org"),
        ({"sni": "a.org", "auto_host_sni": True}, "host.org", "host.org"),
        ({"sni": "a.org", "auto_host_sni": True}, "", "a.org"),
    ],
)
def test_the_name_that_a_host_is_asked_for(fields: dict[str, Any], hostname: str, asked: str | None) -> None:
    names: list[str | None] = []
    bench = Bench(fields)
    server = recipe(True, variant=(str(fields), hostname))
    make_context(server).sni_callback = lambda connection, name, context: names.append(name)
    bench.connect(hostname=hostname, variant=(str(fields), hostname))
    assert names == [asked]


@pytest.mark.parametrize(("sni", "counter"), [("server.example.com", "handshake"), ("x.org", "fail_verify_san")])
def test_the_certificate_can_be_asked_to_be_for_the_name(sni: str, counter: str) -> None:
    bench = Bench({"sni": sni, "auto_sni_san_validation": True})
    bench.connect()
    assert bench.counters()[counter] == 1


@pytest.mark.parametrize("version", [3, 4])
def test_the_last_session_is_taken_up_again(version: int) -> None:
    bench = Bench(tls_params={"tls_maximum_protocol_version": "TLSv1_3"})
    for _ in range(3):
        bench.connect(max_version=version)
    assert bench.counters()["session_reused"] == 2
    forgetful = Bench({"max_session_keys": 0})
    for _ in range(2):
        forgetful.connect(max_version=version)
    assert "session_reused" not in forgetful.counters()


def test_a_session_is_for_one_name_only() -> None:
    bench = Bench({"auto_host_sni": True})
    for name in ("a.org", "b.org"):
        bench.connect(hostname=name)
    assert "session_reused" not in bench.counters()


CERTIFICATE = {
    "certificate_chain": {"inline_string": identity("server").chain_pem.decode()},
    "private_key": {"inline_string": identity("server").key_pem.decode()},
}


@pytest.mark.parametrize(
    ("fields", "common", "path"),
    [
        ({"sni": ".a"}, {}, "sni"),
        ({"max_session_keys": 2}, {}, "max_session_keys"),
        ({}, {"tls_certificates": [CERTIFICATE] * 2}, "common_tls_context.tls_certificates"),
        (
            {},
            {"validation_context": {"trusted_ca": {"inline_string": "x"}}},
            "common_tls_context.validation_context.trusted_ca",
        ),
    ],
)
def test_what_cannot_be_built_is_named_by_its_path(fields: dict[str, Any], common: dict[str, Any], path: str) -> None:
    assert [problem.path for problem in check_upstream_tls(config(fields, **common))] == [path]
    with pytest.raises(InvalidInput):
        build_upstream_tls(config(fields, **common), "cluster.a.", StatsStore())
