"""TLS with clients."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format

from tests.support.certificates import authority, identity
from tests.support.fake_transport import FakeTransport
from tests.support.tls_peers import Peer, Recorder, recipe
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import DownstreamTlsContext
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.tls.contexts import Certificate, make_context
from tulle.proxy.tls.downstream import DownstreamTls, build_downstream_tls

SERVER = identity("server", "server.example.com")
CLIENT = identity("client", "spiffe://td/a")
CERTIFICATE = {
    "certificate_chain": {"inline_string": SERVER.chain_pem.decode()},
    "private_key": {"inline_string": SERVER.key_pem.decode()},
}
CA = {"trusted_ca": {"inline_string": authority().pem.decode()}}


class StillLoop:
    """A loop that does what is asked when the test says so."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return 100.0

    def call_at(self, when: float, callback: Callable[[], None]) -> Any:
        self.timers.append((when, callback))
        return self

    def call_soon(self, callback: Callable[[], None]) -> None:
        callback()

    def cancel(self) -> None:
        self.timers.clear()


class Bench:
    """A filter chain behind TLS, and one connection to it."""

    def __init__(self, fields: dict[str, Any] | None = None, **common: Any) -> None:
        given = {"common_tls_context": {"tls_certificates": [CERTIFICATE], **common}, **(fields or {})}
        config = json_format.ParseDict(given, DownstreamTlsContext()).SerializeToString()
        self.store, self.loop = StatsStore(), StillLoop()
        self.tls: DownstreamTls = build_downstream_tls(config, "listener.a.", self.store, self.loop)
        self.info = ConnectionInfo()
        self.closed = 0
        self.info.on_closed = self._count
        self.recorder = Recorder()
        self.lower = FakeTransport()
        self.taken: list[bytes] = []

    def _count(self) -> None:
        self.closed += 1

    def connect(self, timeout_s: float = 0.0, **client: Any) -> Peer:
        peer = Peer(make_context(recipe(False, **client)), False)
        peer.run()
        self.tls.accept(self.lower, self.info, peer.sent(), self._take, timeout_s)
        taken = 0
        while self.lower.written[taken:]:
            data, taken = self.lower.written[taken:], len(self.lower.written)
            peer.take(data)
            self.lower.protocol.data_received(peer.sent())
        return peer

    def _take(self, transport: Any, info: ConnectionInfo, received: bytes) -> None:
        transport.set_protocol(self.recorder)
        self.taken.append(received)

    def counters(self) -> dict[str, int]:
        return {
            name.removeprefix("listener.a."): value for name, value in self.store.snapshot().counters.items() if value
        }


def test_a_connection_enters_the_filters_when_its_handshake_is_over() -> None:
    bench = Bench(alpn_protocols=["h2", "http/1.1"])
    bench.info.application_protocols = ("h2", "http/1.1")
    peer = bench.connect(alpn=("http/1.1",))
    assert (bench.taken, bench.info.application_protocols) == ([b""], ("http/1.1",))
    assert bench.info.transport_protocol == "tls"
    assert bench.info.tls is not None
    assert (bench.info.tls.version, bench.info.tls.peer) == ("TLSv1.3", None)
    peer.write(b"hello")
    bench.lower.protocol.data_received(peer.sent())
    assert bench.recorder.received == b"hello"
    counters = bench.counters()
    assert (counters["ssl.handshake"], counters["ssl.no_certificate"], counters["ssl.versions.TLSv1.3"]) == (1, 1, 1)


def test_without_an_agreed_protocol_none_is_known() -> None:
    bench = Bench()
    bench.info.application_protocols = ("h2",)
    bench.connect(alpn=("h2",))
    assert bench.info.application_protocols == ()


def client_certificate(issuer: str = "root", name: str = "spiffe://td/a") -> dict[str, Any]:
    found = identity("client", name, issuer=issuer)
    return {"certificates": (Certificate(found.chain_pem, found.key_pem),), "max_version": 3}


NAMES = {"match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": "spiffe://td/a"}}]}


@pytest.mark.parametrize(
    ("client", "counter", "words"),
    [
        ({}, "ssl.fail_verify_no_cert", "peer did not provide required client certificate"),
        (client_certificate("other"), "ssl.fail_verify_error", "unable to get local issuer certificate"),
        (client_certificate(name="spiffe://td/evil"), "ssl.fail_verify_san", "SANs are [spiffe://td/evil]"),
        ({"ciphers": "AES128-SHA", "max_version": 3}, "ssl.connection_error", "NO_SHARED_CIPHER"),
    ],
)
def test_a_client_that_is_not_accepted_never_reaches_the_filters(
    client: dict[str, Any], counter: str, words: str
) -> None:
    bench = Bench({"require_client_certificate": True}, validation_context={**CA, **NAMES})
    bench.connect(**client)
    assert bench.taken == []
    assert bench.counters() == {counter: 1}
    assert words in bench.info.transport_failure
    bench.lower.settle()
    assert (bench.closed, bench.info.on_closed) == (1, None)


def test_a_client_that_is_accepted_is_known() -> None:
    bench = Bench({"require_client_certificate": True}, validation_context={**CA, **NAMES})
    bench.connect(**client_certificate())
    assert bench.info.tls is not None
    assert bench.info.tls.peer is not None
    assert bench.info.tls.verified
    assert bench.info.tls.peer.names == (("URI", "spiffe://td/a"),)


def test_a_handshake_that_takes_too_long_is_ended() -> None:
    bench = Bench()
    bench.tls.accept(bench.lower, bench.info, b"", bench._take, 3.0)
    ((when, expire),) = bench.loop.timers
    assert when == 103.0
    expire()
    bench.lower.settle()
    assert bench.info.transport_failure == "connect timeout"
    assert bench.counters() == {"downstream_cx_transport_socket_connect_timeout": 1}
    assert (bench.lower.aborted, bench.closed) == (True, 1)


def test_a_handshake_in_time_stops_its_timer() -> None:
    bench = Bench()
    bench.connect(3.0)
    assert (bench.loop.timers, len(bench.taken)) == ([], 1)


def test_a_connection_that_tls_ends_later_leaves_its_reason() -> None:
    bench = Bench()
    bench.connect()
    bench.lower.protocol.data_received(b"\x17\x03\x03\x00\x20" + bytes(32))
    assert "BAD_RECORD_MAC" in bench.info.transport_failure
    bench.lower.settle()
    assert bench.closed == 0, "that is the affair of who took the connection"


@pytest.mark.parametrize(
    ("fields", "common", "path"),
    [
        ({}, {"tls_certificates": []}, "common_tls_context.tls_certificates"),
        ({"require_client_certificate": True}, {}, "require_client_certificate"),
        ({}, {"tls_params": {"cipher_suites": ["NONE"]}}, "common_tls_context.tls_params.cipher_suites[0]"),
        ({}, {"validation_context": {"trusted_ca": {"inline_string": "x"}}}, "validation_context.trusted_ca"),
    ],
)
def test_what_cannot_be_built_is_named_by_its_path(fields: dict[str, Any], common: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Bench(fields, **common)
    assert caught.value.problems[0].path.endswith(path)
