"""The transport sockets of filter chains."""

import asyncio

import pytest

from tests.support.certificates import identity
from tulle.protos.messages import DownstreamTlsContext, RawBuffer
from tulle.protos.pool import type_url_of
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.network.transport_socket import TransportSocketFactory, transport_sockets
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.tls.downstream import DownstreamTls

FACTS = ListenerFacts("l", "127.0.0.1:80", "listener.127.0.0.1_80.")


@pytest.fixture
def loop() -> asyncio.AbstractEventLoop:
    found = asyncio.new_event_loop()
    found.close()
    return found


def test_tls_is_built_with_the_stats_of_its_listener(loop: asyncio.AbstractEventLoop) -> None:
    proto, store, server = DownstreamTlsContext(), StatsStore(), identity("server")
    certificate = proto.common_tls_context.tls_certificates.add()
    certificate.certificate_chain.inline_bytes = server.chain_pem
    certificate.private_key.inline_bytes = server.key_pem
    build = transport_sockets(store, loop)[type_url_of(DownstreamTlsContext)]
    found: TransportSocketFactory | None = build(proto.SerializeToString(), FACTS)
    assert isinstance(found, DownstreamTls)
    assert ("listener.127.0.0.1_80.ssl.", "SslStats") in store.groups


def test_a_raw_buffer_changes_nothing(loop: asyncio.AbstractEventLoop) -> None:
    assert transport_sockets(StatsStore(), loop)[type_url_of(RawBuffer)](b"", FACTS) is None
