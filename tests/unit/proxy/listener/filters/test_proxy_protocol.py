"""The PROXY protocol's listener filter."""

import pytest

from tests.unit.proxy.listener.filters.test_proxy_header import V1, v2
from tulle.protos.messages import ProxyProtocol as ProxyProtocolProto
from tulle.protos.reading import parse_message
from tulle.proxy.listener.filters.proxy_protocol import ProxyProtocol, build_proxy_protocol
from tulle.proxy.listener.listener_filter import MORE, REFUSE
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore


def _build(store: StatsStore, **fields: object) -> ProxyProtocol:
    return build_proxy_protocol(parse_message(ProxyProtocolProto, fields).SerializeToString(), store)


def _info() -> ConnectionInfo:
    info = ConnectionInfo()
    info.local, info.local_port = "127.0.0.1:80", 80
    info.remote = info.direct_remote = "127.0.0.1:5000"
    info.remote_ip = "127.0.0.1"
    return info


def _counters(store: StatsStore) -> dict[str, int]:
    return {name: value for name, value in store.snapshot().counters.items() if value}


@pytest.mark.parametrize(("data", "version"), [(V1, 1), (v2(), 2)])
def test_the_header_says_who_connected(data: bytes, version: int) -> None:
    store, info = StatsStore(), _info()
    inspector = _build(store)
    assert inspector.inspect(data[:8], info) == MORE
    assert inspector.inspect(data + b"hello", info) == len(data)
    assert (info.remote, info.remote_ip, info.direct_remote) == ("1.2.3.4:10", "1.2.3.4", "127.0.0.1:5000")
    assert (info.local, info.local_port, info.original_dst) == ("5.6.7.8:20", 20, ("5.6.7.8", 20))
    assert _counters(store) == {f"proxy_proto.versions.v{version}.found": 1}


def test_a_header_may_leave_the_addresses_as_they_are() -> None:
    info = _info()
    assert _build(StatsStore()).inspect(b"PROXY UNKNOWN\r\n", info) == 15
    assert (info.remote, info.original_dst) == ("127.0.0.1:5000", None)


def test_a_connection_without_header_is_refused() -> None:
    store = StatsStore()
    assert _build(store).inspect(b"GET / HTTP/1.1", _info()) == REFUSE
    assert _counters(store) == {"proxy_proto.not_found_disallowed": 1, "downstream_cx_proxy_proto_error": 1}


def test_a_connection_without_header_may_be_allowed() -> None:
    store = StatsStore()
    inspector = _build(store, allow_requests_without_proxy_protocol=True, stat_prefix="edge")
    assert inspector.inspect(b"GET / HTTP/1.1", _info()) == 0
    assert _counters(store) == {"proxy_proto.edge.not_found_allowed": 1}


def test_a_version_may_be_disallowed() -> None:
    store = StatsStore()
    inspector = _build(store, disallowed_versions=["V1"])
    assert inspector.inspect(V1, _info()) == REFUSE
    assert inspector.inspect(v2(), _info()) == len(v2())
    assert _counters(store)["proxy_proto.versions.v1.disallowed"] == 1


def test_a_disallowed_version_may_be_forwarded_as_it_is() -> None:
    inspector = _build(StatsStore(), disallowed_versions=["V1"], allow_requests_without_proxy_protocol=True)
    assert inspector.inspect(V1, _info()) == 0


def test_a_broken_header_is_counted() -> None:
    store = StatsStore()
    assert _build(store).inspect(b"PROXY nonsense\r\n", _info()) == REFUSE
    assert _counters(store)["proxy_proto.versions.v1.error"] == 1
