"""The SNI cluster filter."""

import pytest

from tests.support.fake_transport import FakeTransport
from tests.unit.proxy.network.conftest import TcpBench
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.network.sni_cluster import build_sni_cluster
from tulle.proxy.telemetry.connection_info import ConnectionInfo


@pytest.mark.parametrize(("name", "port"), [("www.example.com", "9090"), ("", "8080")])
def test_the_server_name_is_the_cluster(bench: TcpBench, name: str, port: str) -> None:
    bench.add_cluster("www.example.com", (9090,))
    take = build_sni_cluster(b"", ListenerFacts("l", "127.0.0.1:80", "listener.l."), bench.proxy().take)
    info = ConnectionInfo()
    info.requested_server_name = name
    take(FakeTransport(), info, b"")
    assert bench.connector.attempts[0].host.address == f"127.0.0.1:{port}"
