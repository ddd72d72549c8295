"""HTTP on fake transports: real connection managers, routes, clusters and pools, but no sockets and no time."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_connector import FakeConnector
from tests.support.fake_transport import FakeTransport
from tests.support.h2_peer import H2Peer
from tests.support.turned_clock import TurnedClock
from tulle.protos.messages import Cluster as ClusterProto
from tulle.protos.messages import HttpConnectionManager
from tulle.protos.reading import parse_message
from tulle.proxy.deadlines import DeadlineSet
from tulle.proxy.extensions import filter_configs, http_filters
from tulle.proxy.http.build import HttpServices, build_connection_manager
from tulle.proxy.http.connection_manager import ConnectionManager
from tulle.proxy.http.filter_api import HttpFilter
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.http.upstream_pools import UpstreamPools
from tulle.proxy.router.route_table import RouteTable
from tulle.proxy.slots import Slot
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.log_files import LogFiles
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster import Cluster
from tulle.proxy.upstream.clusters import ClusterSet

LOG_FORMAT = (
    "%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS% "
    "%BYTES_RECEIVED% %BYTES_SENT% %UPSTREAM_HOST% %UPSTREAM_CLUSTER%\n"
)
ROUTER = {
    "name": "router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
FILTERS = "type.googleapis.com/envoy.extensions.filters.http."
H2_OPTIONS = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
}


class HttpBench:
    """Everything around the connection managers of one test; cluster `c` speaks HTTP/1.1, `d` HTTP/2."""

    def __init__(self, folder: Path, clock: TurnedClock) -> None:
        self.clock = clock
        self.stats = StatsStore()
        self.files = LogFiles(clock.call_later)
        self.clusters = ClusterSet(self.stats)
        self.connector = FakeConnector()
        self.runtime = HttpRuntime(clock, self.clusters, seed=1)
        self.runtime.local_address = "10.1.2.3"
        connector: Any = self.connector
        self.pools = UpstreamPools(self.runtime, connector)
        self.clusters.on_removed.append(self.pools.drain)
        self.slots: dict[str, Slot[RouteTable | None]] = {}
        self.filters: dict[str, HttpFilter] = {}  # by type URL
        self.transports: list[FakeTransport] = []
        self.closed = 0
        self.log_path = folder / "log"
        self.add_cluster("c")
        self.add_cluster("d", typed_extension_protocol_options=H2_OPTIONS)

    def add_cluster(self, name: str, ports: tuple[int, ...] = (8080,), **fields: Any) -> Cluster:
        """A static cluster with a host a port."""
        endpoints = [
            {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
            for port in ports
        ]
        assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
        proto = parse_message(ClusterProto, {"name": name, "load_assignment": assignment, **fields})
        return self.clusters.put(name, proto.SerializeToString())

    @property
    def services(self) -> HttpServices:
        """What connection managers are built with."""
        built_in = http_filters(FilterServices(self.runtime, self.stats, b"node-cluster"))
        own: Any = {url: lambda config, prefix, made=made: made for url, made in self.filters.items()}
        return HttpServices(
            self.runtime,
            self.pools,
            self.stats,
            self.files,
            lambda name: self.slots.setdefault(name, Slot(None)),
            {**built_in, **own},
            filter_configs,
        )

    def manager(self, routes: list[dict[str, Any]] | None = None, **fields: Any) -> ConnectionManager:
        """A connection manager whose routes, unless others are given, lead to cluster `c`; it writes an access log."""
        log = {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(self.log_path),
            "log_format": {"text_format_source": {"inline_string": LOG_FORMAT}},
        }
        fields.setdefault("access_log", [{"name": "file", "typed_config": log}])
        if "rds" not in fields:
            listed = routes or [{"match": {"prefix": "/"}, "route": {"cluster": "c"}}]
            host = {"name": "all", "domains": ["*"], "routes": listed, **fields.pop("virtual_host", {})}
            fields.setdefault("route_config", {"name": "r", "virtual_hosts": [host]})
        filters = [{"name": url, "typed_config": {"@type": url}} for url in self.filters]
        fields.setdefault("http_filters", [*filters, ROUTER])
        proto = parse_message(HttpConnectionManager, {"stat_prefix": "t", **fields})
        return build_connection_manager(self.services, proto.SerializeToString(), "listener.127.0.0.1_80.")

    def filtered(self, message: str, config: dict[str, Any], settings: Any = None, **fields: Any) -> ConnectionManager:
        """A manager with one filter, `fault.v3.HTTPFault` or the like; `settings` are those of the only route.

        `settings` is a config of the same message, or a pair of the other message and its config.
        """
        named = {"name": "f", "typed_config": {"@type": FILTERS + message, **config}}
        route: dict[str, Any] = {"match": {"prefix": "/"}, "route": {"cluster": "c"}}
        if settings is not None:
            kind, values = settings if isinstance(settings, tuple) else (message, settings)
            route["typed_per_filter_config"] = {"f": {"@type": FILTERS + kind, **values}}
        fields.setdefault("routes", [route])
        return self.manager(http_filters=[named, ROUTER], **fields)

    def info(self, remote_ip: str = "10.0.0.9") -> ConnectionInfo:
        """A connection from this address."""
        info = ConnectionInfo()
        info.remote_ip, info.remote, info.direct_remote = remote_ip, f"{remote_ip}:5000", f"{remote_ip}:5000"
        info.local, info.local_port = "127.0.0.1:80", 80
        info.start = self.clock.time()

        def on_closed() -> None:
            self.closed += 1

        info.on_closed = on_closed
        return info

    def connect(
        self, manager: ConnectionManager, received: bytes = b"", info: ConnectionInfo | None = None
    ) -> FakeTransport:
        """A client's connection that the manager owns."""
        transport = FakeTransport()
        self.transports.append(transport)
        manager.take(transport, info or self.info(), received)
        return transport

    def connect_h2(self, manager: ConnectionManager, info: ConnectionInfo | None = None) -> H2Peer:
        """A client that speaks HTTP/2 with prior knowledge."""
        peer = H2Peer.client()
        peer.attach(self.connect(manager, peer.first_bytes(), info))
        peer.exchange()
        return peer

    def upstream(self, index: int = -1) -> FakeTransport:
        """The host takes the connection of this attempt."""
        transport = self.connector.attempts[index].succeed()
        self.transports.append(transport)
        self.turn()
        return transport

    def upstream_h2(self, index: int = -1, settings: dict[int, int] | None = None) -> H2Peer:
        """The same for a host that speaks HTTP/2."""
        peer = H2Peer.server(settings)
        peer.attach(self.upstream(index))
        peer.exchange()
        return peer

    def turn(self, seconds: float = 0.0) -> None:
        """Lets time pass; connections that are closing are gone then."""
        self.clock.turn(seconds)
        for transport in self.transports:
            if transport.is_closing():
                transport.settle()
        self.clock.turn()

    @property
    def log(self) -> list[str]:
        """The lines of the access log."""
        self.files.flush()
        return self.log_path.read_text().splitlines()

    def counter(self, name: str) -> int:
        """The counter of this name."""
        return self.stats.snapshot().counters.get(name, 0)

    def http(self, name: str) -> int:
        """A counter of the connection manager."""
        return self.counter(f"http.t.{name}")

    def of(self, cluster: str, name: str) -> int:
        """A counter of a cluster."""
        return self.counter(f"cluster.{cluster}.{name}")

    def gauges(self) -> dict[str, int]:
        """The gauges that are not zero, but for those that do not count what is open."""
        found = self.stats.snapshot().gauges
        return {
            name: value
            for name, value in found.items()
            if value and "membership" not in name and not name.endswith(("max_host_weight", "warming_state"))
        }

    def leftovers(self) -> dict[str, int]:
        """What is still held after everything should be over; empty when nothing is."""
        found = self.gauges()
        for name in [each["name"] for each in self.clusters.describe()]:
            cluster = self.clusters.get(name)
            assert cluster is not None
            for priority, breaker in enumerate(cluster.breakers):
                for kind in ("connections", "pending", "requests", "retries"):
                    found[f"{name} breaker {priority} {kind}"] = getattr(breaker, kind)
            for host in cluster.hosts:
                for kind in ("cx_active", "rq_active", "rq_pending_active"):
                    found[f"{name} {host.address} {kind}"] = getattr(host, kind)
        for name in type(self.runtime).__slots__:
            deadlines = getattr(self.runtime, name)
            if isinstance(deadlines, DeadlineSet):
                found[name] = sum(len(each) for each in deadlines._by_delay.values())
        return {name: value for name, value in found.items() if value}


def turn_the_monotonic_clock(monkeypatch: pytest.MonkeyPatch, clock: TurnedClock) -> None:
    """Whoever in the proxy asks for the monotonic time gets that of the clock."""
    import tulle.proxy.assembly  # noqa: F401  # so that all modules of the data path are there

    for name, module in list(sys.modules.items()):
        if name.startswith("tulle.proxy.") and getattr(module, "monotonic", None) is time.monotonic:
            monkeypatch.setattr(module, "monotonic", clock.time)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpBench]:
    """One for each test."""
    clock = TurnedClock()
    turn_the_monotonic_clock(monkeypatch, clock)
    made = HttpBench(tmp_path, clock)
    yield made
    made.files.close()


def head_of(data: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """First line and fields of the first HTTP/1 message in `data`."""
    head = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    fields = [line.partition(b": ") for line in head[1:]]
    return head[0], {name: value for name, _, value in fields}


def body_of(data: bytes) -> bytes:
    """What stands behind the head."""
    return data.partition(b"\r\n\r\n")[2]
