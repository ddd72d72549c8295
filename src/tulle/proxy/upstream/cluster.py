"""One cluster of a worker: its settings, its hosts, and the choice among them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import Cluster as ClusterProto
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.circuit_breakers import CircuitBreakers, build_circuit_breakers, describe_thresholds
from tulle.proxy.upstream.cluster_checks import check_cluster
from tulle.proxy.upstream.cluster_stats import ClusterStats, EdsStats
from tulle.proxy.upstream.endpoints_name import endpoints_name_of
from tulle.proxy.upstream.hosts import Host, HostChange, HostSet
from tulle.proxy.upstream.http_settings import HttpSettings, build_http_settings
from tulle.proxy.upstream.lb.balancer import Balancer
from tulle.proxy.upstream.lb.original_dst import OriginalDst, OriginalDstSettings
from tulle.proxy.upstream.lb.picking import PickContext
from tulle.proxy.upstream.lb.policies import build_balancer_settings
from tulle.proxy.upstream.load_assignment import (
    EDS_IDENTITY,
    LOGICAL_IDENTITY,
    STATIC_IDENTITY,
    apply_assignment,
    read_metadata,
)
from tulle.proxy.upstream.transport_choice import TransportChoice

_CONNECT_TIMEOUT_S = 5.0  # Envoy: Cluster.connect_timeout
_BUFFER_LIMIT = 1024 * 1024  # Envoy: Cluster.per_connection_buffer_limit_bytes

HostsRemoved = Callable[["Cluster", Sequence[Host]], None]


class Cluster:
    """Where requests go.

    The attributes are read by the hot path and do not change, but for the hosts, which `update_endpoints` changes.
    `kind` is a `Cluster.DiscoveryType`; `endpoints_name` says under which name the endpoints come, "" if they never do.
    `on_removed` is told of hosts that are gone, so that their pools can end.
    """

    __slots__ = (
        "_balancer",
        "_settings",
        "breakers",
        "connect_timeout_s",
        "eds_service_name",
        "endpoints_name",
        "hosts",
        "http",
        "kind",
        "metadata",
        "name",
        "observability_name",
        "on_removed",
        "per_connection_buffer_limit",
        "stats",
        "transport",
    )

    def __init__(self, proto: ClusterProto, stats: ClusterStats) -> None:
        self.name = proto.name
        self.observability_name = proto.alt_stat_name or self.name
        self.kind = int(proto.type)
        self.stats = stats
        self.connect_timeout_s = _CONNECT_TIMEOUT_S
        if proto.HasField("connect_timeout"):
            self.connect_timeout_s = proto.connect_timeout.ToMilliseconds() / 1000
        self.per_connection_buffer_limit = _BUFFER_LIMIT
        if proto.HasField("per_connection_buffer_limit_bytes"):
            self.per_connection_buffer_limit = proto.per_connection_buffer_limit_bytes.value
        self.http: HttpSettings = build_http_settings(proto)
        self.transport = TransportChoice(proto, stats.store, stats.prefix)
        self.breakers: CircuitBreakers = build_circuit_breakers(proto.circuit_breakers, stats)
        self.metadata: Mapping[str, Mapping[str, Any]] = {}
        if proto.HasField("metadata"):
            self.metadata = read_metadata(proto.metadata.SerializeToString())
        self.endpoints_name = endpoints_name_of(proto)
        self.eds_service_name = self.endpoints_name if proto.eds_cluster_config.service_name else ""
        self.hosts = HostSet()
        self.on_removed: HostsRemoved | None = None
        self._settings = (
            OriginalDstSettings.of(proto) if self.kind == ClusterProto.ORIGINAL_DST else build_balancer_settings(proto)
        )
        self._balancer: Balancer | OriginalDst | None = None

    def __repr__(self) -> str:
        return f"Cluster({self.name})"

    def pick(self, context: PickContext | None = None) -> Host | None:
        """A host for a request; None when there is none to use."""
        balancer = self._balancer
        if balancer is None:
            balancer = self._balancer = self._build_balancer()
        if context is None or context.rejects is None:
            return balancer.pick(context)
        for attempt in range(context.max_attempts):
            context.attempt = attempt
            host = balancer.pick(context)
            if host is None or not context.rejects(host):
                break
        context.attempt = 0
        return host

    def update_endpoints(self, data: bytes) -> HostChange:
        """Takes a serialized ClusterLoadAssignment over; hosts whose address stays keep their objects."""
        identity = LOGICAL_IDENTITY if self.kind == ClusterProto.LOGICAL_DNS else EDS_IDENTITY
        change = apply_assignment(self.hosts, data, identity)
        stats = self.stats
        if self.kind == ClusterProto.EDS:  # what DNS does is counted where it is done, in the main process
            stats.update_attempt.value += 1
            stats.update_success.value += 1
            stats.update_no_rebuild.value += not change.levels
        self.transport.count(list(self.hosts))  # Envoy matches the transport socket of every endpoint again
        if change.levels and len(self.hosts):
            stats.max_host_weight.value = max(host.weight for host in self.hosts)
        self.note_change(change)
        return change

    def refresh_health(self, hosts: Sequence[Host]) -> HostChange:
        """The flags of these hosts were changed: from now on they count."""
        change = self.hosts.refresh(hosts)
        self.note_change(change)
        return change

    def note_change(self, change: HostChange) -> None:
        """What follows from a change of the hosts: stats, balancing, the end of pools."""
        if change.levels:
            self._count_members(change)
            if self._balancer is not None:
                self._balancer.refresh(change.levels)
        if change.removed and self.on_removed is not None:
            self.on_removed(self, change.removed)

    def retire(self) -> None:
        """The cluster is gone or another took its place: its hosts' pools end."""
        hosts = list(self.hosts)
        if hosts and self.on_removed is not None:
            self.on_removed(self, hosts)

    def describe(self) -> dict[str, Any]:
        """In plain values, as the admin page of the main process wants it."""
        return {
            "name": self.name,
            "observability_name": self.observability_name,
            "thresholds": describe_thresholds(self.breakers),
            "eds_service_name": self.eds_service_name,
            "hosts": [_describe_host(host) for host in self.hosts],
        }

    def _build_balancer(self) -> "Balancer | OriginalDst":
        settings = self._settings
        if isinstance(settings, OriginalDstSettings):
            return OriginalDst(self.hosts, settings, self.stats, self.note_change)
        return Balancer(self.hosts, settings, self.stats)

    def _count_members(self, change: HostChange) -> None:
        stats, levels = self.stats, self.hosts.levels
        if change.membership_changes:
            stats.membership_change.value += change.membership_changes
        stats.membership_total.value = sum(len(level.hosts) for level in levels)
        stats.membership_healthy.value = sum(len(level.healthy) for level in levels)
        for gauge, value in (
            ("membership_degraded", sum(len(level.degraded) for level in levels)),
            ("membership_excluded", sum(level.excluded for level in levels)),
        ):
            if value or gauge in stats.__dict__:  # a stat that was never anything but 0 needs no room
                getattr(stats, gauge).value = value


def build_cluster(proto: ClusterProto, store: StatsStore) -> Cluster:
    """The cluster that a message describes; InvalidInput with all that is wrong with it.

    STATIC hosts are there at once; those of other kinds come with `update_endpoints`.
    """
    problems = check_cluster(proto)
    if problems:
        raise InvalidInput(problems)
    return make_cluster(proto, store)


def make_cluster(proto: ClusterProto, store: StatsStore) -> Cluster:
    """The same for a message that was checked before, in the main process."""
    prefix = stat_prefix(proto.alt_stat_name or proto.name)
    cluster = Cluster(proto, ClusterStats(store, prefix))
    if cluster.kind == ClusterProto.EDS:
        EdsStats(store, prefix)
        cluster.stats.update_attempt.value += 1
    if cluster.kind == ClusterProto.STATIC and proto.HasField("load_assignment"):
        change = apply_assignment(cluster.hosts, proto.load_assignment.SerializeToString(), STATIC_IDENTITY)
        if change.added:
            cluster.transport.count(change.added)
        cluster.note_change(change)
    return cluster


def stat_prefix(name: str) -> str:
    """`cluster.<name>.`, where a colon has become an underscore."""
    return f"cluster.{name.replace(':', '_')}."


def _describe_host(host: Host) -> dict[str, Any]:
    return {
        "address": host.address,
        "counters": {
            "cx_connect_fail": host.cx_connect_fail,
            "cx_total": host.cx_total,
            "rq_error": host.rq_error,
            "rq_success": host.rq_success,
            "rq_timeout": host.rq_timeout,
            "rq_total": host.rq_total,
        },
        "gauges": {
            "cx_active": host.cx_active,
            "rq_active": host.rq_active,
            "rq_pending_active": host.rq_pending_active,
        },
        "hostname": host.hostname,
        "healthy": host.healthy,
        "health_flags": host.health_flags,
        "eds_health_status": host.eds_health_status,
        "weight": host.weight,
        "priority": host.priority,
        "locality": list(host.locality),
        "canary": host.canary,
    }
