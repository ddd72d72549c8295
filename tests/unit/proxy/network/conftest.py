"""A TCP proxy with one cluster, a connector that obeys and a clock turned by hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_connector import FakeConnector
from tests.support.fake_transport import FakeTransport
from tests.support.turned_clock import TurnedClock
from tulle.protos.messages import Cluster as ClusterProto
from tulle.protos.messages import TcpProxy as TcpProxyProto
from tulle.protos.reading import parse_message
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.network.tcp_proxy import TcpProxy, TcpServices, build_tcp_proxy
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.log_files import LogFiles
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster import Cluster, build_cluster

_LOG_FORMAT = (
    "%RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %UPSTREAM_HOST% %UPSTREAM_CLUSTER% "
    "%UPSTREAM_TRANSPORT_FAILURE_REASON% %DURATION% %DOWNSTREAM_REMOTE_ADDRESS% %UPSTREAM_LOCAL_ADDRESS%\n"
)


class TcpBench:
    """Everything around the TCP proxies of one test."""

    def __init__(self, folder: Path) -> None:
        self.clock = TurnedClock()
        self.connector = FakeConnector()
        self.stats = StatsStore()
        self.files = LogFiles(self.clock.call_later)
        self.clusters: dict[str, Cluster] = {}
        self.random = 0
        self._log_path = folder / "log"
        connector: Any = self.connector
        self.services = TcpServices(self.clusters, connector, self.stats, self.files, self.clock, lambda: self.random)
        self.add_cluster("c")

    def add_cluster(self, name: str, ports: tuple[int, ...] = (8080,), **fields: Any) -> Cluster:
        """A static cluster with a host a port."""
        endpoints = [
            {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
            for port in ports
        ]
        assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
        proto = parse_message(ClusterProto, {"name": name, "load_assignment": assignment, **fields})
        self.clusters[name] = build_cluster(proto, self.stats)
        return self.clusters[name]

    def proxy(self, **fields: Any) -> TcpProxy:
        """A proxy to cluster `c`, with an access log; `fields` are of its message."""
        if "weighted_clusters" not in fields:
            fields.setdefault("cluster", "c")
        log = {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(self._log_path),
            "log_format": {"text_format_source": {"inline_string": _LOG_FORMAT}},
        }
        fields.setdefault("access_log", [{"name": "file", "typed_config": log}])
        proto = parse_message(TcpProxyProto, {"stat_prefix": "t", **fields})
        facts = ListenerFacts("l", "127.0.0.1:80", "listener.127.0.0.1_80.", buffer_limit=100)
        return build_tcp_proxy(self.services, proto.SerializeToString(), facts)

    def connect(self, proxy: TcpProxy, received: bytes = b"", info: ConnectionInfo | None = None) -> FakeTransport:
        """A downstream connection that the proxy owns."""
        if info is None:
            info = ConnectionInfo()
        info.remote, info.remote_ip = "127.0.0.1:5000", "127.0.0.1"
        info.start = self.clock.time()
        self.closed = 0

        def on_closed() -> None:
            self.closed += 1

        info.on_closed = on_closed
        transport = FakeTransport()
        proxy.take(transport, info, received)
        return transport

    @property
    def log(self) -> list[str]:
        """The lines of the access log."""
        self.files.flush()
        return self._log_path.read_text().splitlines()

    def counters(self) -> dict[str, int]:
        """The counters that count something."""
        return {name: value for name, value in self.stats.snapshot().counters.items() if value}

    def gauges(self) -> dict[str, int]:
        """The gauges of connections and requests that are not zero."""
        return {
            name: value for name, value in self.stats.snapshot().gauges.items() if value and "membership" not in name
        }


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[TcpBench]:
    made = TcpBench(tmp_path)
    yield made
    made.files.close()
