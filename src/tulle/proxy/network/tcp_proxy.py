"""The TCP proxy (envoy.filters.network.tcp_proxy): each connection becomes one to a host of a cluster."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple, Protocol

from xxhash import xxh64_intdigest

from tulle.protos.messages import TcpProxy as TcpProxyProto
from tulle.proxy.deadlines import Clock
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.network.tcp_session import TcpSession
from tulle.proxy.network.tcp_stats import TcpStats
from tulle.proxy.network.tcp_upstream import TcpUpstream
from tulle.proxy.telemetry.access_log import AccessLog, build_access_logs
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.log_files import LogFiles
from tulle.proxy.telemetry.response_flags import ResponseFlag
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.circuit_breakers import DEFAULT
from tulle.proxy.upstream.cluster import Cluster
from tulle.proxy.upstream.connector import Connector
from tulle.proxy.upstream.lb.picking import PickContext

_IDLE_TIMEOUT_S = 3600.0  # Envoy: TcpProxy.idle_timeout


class Clusters(Protocol):
    """Where clusters are found by name, anew for each connection."""

    def get(self, name: str, /) -> Cluster | None: ...


class TcpServices(NamedTuple):
    """What all TCP proxies of a worker use; `random` gives 64 bits."""

    clusters: Clusters
    connector: Connector
    stats: StatsStore
    log_files: LogFiles
    clock: Clock
    random: Callable[[], int]


class TcpProxy:
    """The terminal filter of one filter chain."""

    def __init__(self, proto: TcpProxyProto, facts: ListenerFacts, services: TcpServices) -> None:
        self.logs: tuple[AccessLog, ...] = build_access_logs(proto.access_log, services.log_files)
        self.services = services
        self.stats = TcpStats(services.stats, f"tcp.{proto.stat_prefix}.")
        self.buffer_limit = facts.buffer_limit
        self.max_connect_attempts = max(1, proto.max_connect_attempts.value)
        self.idle_timeout_s = _IDLE_TIMEOUT_S
        if proto.HasField("idle_timeout"):
            self.idle_timeout_s = proto.idle_timeout.ToNanoseconds() / 1e9
        self._max_duration_s = proto.max_downstream_connection_duration.ToNanoseconds() / 1e9
        self._jitter = proto.max_downstream_connection_duration_jitter_percentage.value / 100
        entries = proto.weighted_clusters.clusters
        self._names = [entry.name for entry in entries] or [proto.cluster]
        self._edges = list(accumulate(entry.weight for entry in entries)) or [1]
        self._hashes_source = any(policy.HasField("source_ip") for policy in proto.hash_policy)
        self.sessions: set[TcpSession] = set()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self.sessions)

    def take(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        """Becomes the owner of a connection and connects it to a host."""
        session = TcpSession(self, transport, info)
        self.sessions.add(session)
        self.stats.downstream_cx_total.value += 1
        transport.set_protocol(session)
        session.begin(received)

    def drain(self) -> None:
        """Connections live on: TCP has no word for "no more of this connection"."""

    def close(self) -> None:
        """Closes every connection now."""
        for session in list(self.sessions):
            session.abort()

    def choose_upstream(self, session: TcpSession) -> TcpUpstream | None:
        """A host for this session, not yet connected; None, with the reason in its flags, when there is none."""
        name = session.info.tcp_cluster or (self._names[0] if len(self._names) == 1 else self._draw())
        cluster = self.services.clusters.get(name)
        if cluster is None:
            session.response_flags |= ResponseFlag.NO_CLUSTER_FOUND
            self.stats.downstream_cx_no_route.value += 1
            return None
        session.upstream_cluster = name
        if not cluster.breakers[DEFAULT].can_connect():
            session.response_flags |= ResponseFlag.UPSTREAM_OVERFLOW
            cluster.stats.upstream_cx_overflow.value += 1
            return None
        host = cluster.pick(self._pick_context(session.info))
        if host is None:
            session.response_flags |= ResponseFlag.NO_HEALTHY_UPSTREAM
            cluster.stats.upstream_cx_none_healthy.value += 1
            return None
        if not cluster.breakers[DEFAULT].try_pending():
            # Envoy reports this as a failed attempt, and as a rule as the last one, though it tried none.
            session.response_flags |= ResponseFlag.CONNECT_ATTEMPTS_EXCEEDED
            cluster.stats.upstream_rq_pending_overflow.value += 1
            cluster.stats.upstream_cx_connect_attempts_exceeded.value += 1
            return None
        session.upstream_host = host.address
        return TcpUpstream(session, cluster, host, self.services)

    def _pick_context(self, info: ConnectionInfo) -> PickContext | None:
        """What the choice of a host may depend on; None for most connections."""
        if self._hashes_source and info.remote_ip:
            return PickContext(xxh64_intdigest(info.remote_ip.encode()), info.original_dst)
        return PickContext(None, info.original_dst) if info.original_dst is not None else None

    def _draw(self) -> str:
        point = self.services.random() % self._edges[-1]
        return self._names[bisect_right(self._edges, point)]

    def draw_max_duration_s(self) -> float:
        """How long one connection may last, with its share of the jitter; 0 for ever."""
        if not self._max_duration_s or not self._jitter:
            return self._max_duration_s
        share = (self.services.random() & 0xFFFFFFFF) / 2**32
        return self._max_duration_s * (1 + share * self._jitter)

    def ended(self, session: TcpSession) -> None:
        """A session has no downstream connection any more."""
        self.sessions.discard(session)
        if self.logs:
            session.duration_ms = int((self.services.clock.time() - session.start) * 1000)
            for log in self.logs:
                log.log(session)


def build_tcp_proxy(services: TcpServices, config: bytes, facts: ListenerFacts) -> TcpProxy:
    """The proxy that a serialized `TcpProxy` describes; InvalidInput with everything that is wrong."""
    return TcpProxy(TcpProxyProto.FromString(config), facts, services)
