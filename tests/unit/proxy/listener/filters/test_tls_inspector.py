"""The TLS inspector."""

import pytest

from tests.unit.proxy.listener.filters.test_client_hello import HELLO, client_hello
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import TlsInspector as TlsInspectorProto
from tulle.protos.reading import parse_message
from tulle.proxy.listener.filters.tls_inspector import TlsInspector, build_tls_inspector
from tulle.proxy.listener.listener_filter import MORE, REFUSE
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore


def _build(store: StatsStore, **fields: object) -> TlsInspector:
    return build_tls_inspector(parse_message(TlsInspectorProto, fields).SerializeToString(), store)


def _counters(store: StatsStore) -> dict[str, int]:
    counters = store.snapshot().counters.items()
    return {name.removeprefix("tls_inspector."): value for name, value in counters if value}


def test_what_a_client_asks_for_is_known_before_the_handshake() -> None:
    store, info = StatsStore(), ConnectionInfo()
    inspector = _build(store)
    assert inspector.inspect(HELLO[:20], info) == MORE
    assert inspector.inspect(HELLO, info) == 0
    assert info.transport_protocol == "tls"
    assert info.requested_server_name == "www.example.com"
    assert info.application_protocols == ("h2", "http/1.1")
    assert _counters(store) == {"tls_found": 1, "sni_found": 1, "alpn_found": 1}


def test_a_client_may_ask_for_nothing() -> None:
    store, info = StatsStore(), ConnectionInfo()
    _build(store).inspect(client_hello(None, ()), info)
    assert _counters(store) == {"tls_found": 1, "sni_not_found": 1, "alpn_not_found": 1}


def test_plaintext_goes_on_as_such() -> None:
    store, info = StatsStore(), ConnectionInfo()
    assert _build(store).inspect(b"GET / HTTP/1.1\r\n", info) == 0
    assert info.transport_protocol == "raw_buffer"
    assert _counters(store) == {"tls_not_found": 1}


def test_plaintext_may_be_refused() -> None:
    inspector = _build(StatsStore(), close_connection_on_client_hello_parsing_errors=True)
    assert inspector.inspect(b"GET / HTTP/1.1\r\n", ConnectionInfo()) == REFUSE


def test_a_hello_that_does_not_end_is_refused() -> None:
    store = StatsStore()
    assert _build(store, max_client_hello_size=256).inspect(HELLO[:256], ConnectionInfo()) == REFUSE
    assert _counters(store) == {"client_hello_too_large": 1}


def test_fingerprints_are_rejected() -> None:
    with pytest.raises(InvalidInput, match="enable_ja4_fingerprinting"):
        _build(StatsStore(), enable_ja4_fingerprinting=True)
    _build(StatsStore(), enable_ja3_fingerprinting=False)
