"""The running proxy as its admin pages see it."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tulle.foundation.logs import level_of
from tulle.foundation.version import VERSION
from tulle.protos.messages import ConfigDump, Listener, Node, ServerInfo
from tulle.proxy.admin.view import ClusterView, HostView, ListenerView, StatsView
from tulle.proxy.server.config_dump import dump_config
from tulle.proxy.server.configuration import Configuration
from tulle.proxy.server.lifecycle import Lifecycle
from tulle.proxy.server.options import DRAIN_TIME_S, ProxyOptions
from tulle.proxy.server.sockets import ListeningSockets
from tulle.proxy.server.stats_collector import StatsCollector, memory_bytes
from tulle.proxy.server.workers import WorkerPool
from tulle.proxy.telemetry.tags import TagExtractor


class MainView:
    """Implements `admin.view.ProxyView` over the parts of the main process."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        pool: WorkerPool,
        configuration: Configuration,
        sockets: ListeningSockets,
        collector: StatsCollector,
        identity: "Identity",
    ) -> None:
        self._lifecycle = lifecycle
        self._pool = pool
        self._configuration = configuration
        self._sockets = sockets
        self._collector = collector
        self._identity = identity

    @property
    def state(self) -> str:
        """LIVE, DRAINING, PRE_INITIALIZING or INITIALIZING."""
        return self._lifecycle.state

    @property
    def tags(self) -> TagExtractor:
        """How stat names become tags."""
        return self._identity.tags

    async def stats(self) -> StatsView:
        """All stats now."""
        return await self._collector.collect()

    async def clusters(self) -> Sequence[ClusterView]:
        """All clusters with the hosts that the workers use."""
        merged: dict[str, ClusterView] = {}
        static = {name: found.static for name, found in self._configuration.inventory.clusters.active.items()}
        for _, answer in await self._pool.ask("hosts"):
            for described in answer:
                cluster = _cluster_view(described, static)
                known = merged.get(cluster.name)
                merged[cluster.name] = cluster if known is None else _add_hosts(known, cluster)
        return list(merged.values())

    def listeners(self) -> Sequence[ListenerView]:
        """The active listeners."""
        found: list[ListenerView] = []
        for name, resource in self._configuration.inventory.listeners.active.items():
            found.append(ListenerView(name, self._sockets.addresses(Listener.FromString(resource.data))))
        return found

    def server_info(self) -> ServerInfo:
        """/server_info."""
        return self._identity.server_info(self.state)

    def config_dump(self, include_endpoints: bool) -> ConfigDump:
        """/config_dump."""
        identity = self._identity
        return dump_config(self._configuration.inventory, identity.bootstrap, identity.started, include_endpoints)

    def memory_bytes(self) -> Mapping[str, int]:
        """Of the main process."""
        return memory_bytes()

    async def reset_counters(self) -> None:
        """In all processes."""
        await self._collector.reset_counters()
        self._pool.send(("reset_counters",))

    def fail_health_check(self, failed: bool) -> None:
        """Says DRAINING while it lasts, and lets clients go."""
        self._lifecycle.health_failed = failed
        self._pool.send(("health_failed", failed))

    def drain_listeners(self, inbound_only: bool, graceful: bool, skip_exit: bool) -> None:
        """Stops listeners, at once or after the drain time."""
        self._lifecycle.drain_listeners(inbound_only, graceful, skip_exit)

    def reopen_logs(self) -> None:
        """In all workers."""
        self._pool.send(("reopen_logs",))

    def set_log_level(self, level: str) -> None:
        """In all processes."""
        logging.getLogger("tulle").setLevel(level_of(level))
        self._pool.send(("log_level", level))

    def log_levels(self) -> Mapping[str, str]:
        """Every logger of the proxy with its level."""
        names = ["tulle", *sorted(name for name in logging.root.manager.loggerDict if name.startswith("tulle."))]
        return {name: logging.getLevelName(logging.getLogger(name).getEffectiveLevel()).lower() for name in names}

    def quit(self) -> None:
        """Ends the proxy at once."""
        self._lifecycle.quit()


def _cluster_view(described: Any, static: Mapping[str, bool]) -> ClusterView:
    """From what a worker's `describe_clusters` yields."""
    hosts = [HostView(**{**host, "locality": tuple(host["locality"])}) for host in described["hosts"]]
    name = described["name"]
    return ClusterView(
        name=name,
        observability_name=described["observability_name"],
        added_via_api=not static.get(name, False),
        thresholds=described["thresholds"],
        hosts=hosts,
        eds_service_name=described["eds_service_name"],
    )


def _add_hosts(left: ClusterView, right: ClusterView) -> ClusterView:
    """The same cluster as two workers see it."""
    hosts = {host.address: host for host in left.hosts}
    for host in right.hosts:
        known = hosts.get(host.address)
        hosts[host.address] = host if known is None else _add_numbers(known, host)
    return ClusterView(
        left.name,
        left.observability_name,
        left.added_via_api,
        left.thresholds,
        list(hosts.values()),
        left.eds_service_name,
    )


def _add_numbers(left: HostView, right: HostView) -> HostView:
    return replace(
        left,
        counters={name: value + right.counters.get(name, 0) for name, value in left.counters.items()},
        gauges={name: value + right.gauges.get(name, 0) for name, value in left.gauges.items()},
    )


class Identity:
    """What does not change while the process runs: options, node, bootstrap, the time of the start."""

    def __init__(self, options: ProxyOptions, node: Node, bootstrap: bytes, tags: TagExtractor) -> None:
        self._options = options
        self._node = node
        self.bootstrap = bootstrap
        self.tags = tags
        self.started = time.time()

    def server_info(self, state: str) -> ServerInfo:
        """The message that /server_info shows."""
        options = self._options
        info = ServerInfo(version=f"tulle/{VERSION}", hot_restart_version="disabled")
        info.state = getattr(ServerInfo, state)
        uptime = int(time.time() - self.started)
        info.uptime_current_epoch.seconds = uptime
        info.uptime_all_epochs.seconds = uptime
        info.node.CopyFrom(self._node)
        line = info.command_line_options
        line.base_id = options.base_id
        line.concurrency = options.concurrency
        line.config_path = options.config_path
        line.admin_address_path = options.admin_address_path or ""
        line.log_level = options.log_level
        line.service_cluster = options.service_cluster
        line.service_node = options.service_node
        line.drain_time.seconds = DRAIN_TIME_S if options.drain_time_s is None else options.drain_time_s
        line.disable_hot_restart = True
        return info
