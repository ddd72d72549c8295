"""A proxy as the admin pages see it, filled in by a test."""

from collections.abc import Mapping, Sequence

from tulle.protos.messages import ConfigDump, ServerInfo
from tulle.proxy.admin.view import ClusterView, HostView, ListenerView, StatsView
from tulle.proxy.telemetry.merge import MergedStats
from tulle.proxy.telemetry.tags import TagExtractor

LIMITS = {"max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024, "max_retries": 3}


class FakeProxy:
    """Implements `ProxyView`; `done` lists what was asked of it."""

    def __init__(self) -> None:
        self.state = "LIVE"
        self.tags = TagExtractor()
        self.done: list[object] = []
        self.dump = ConfigDump()
        self.view = StatsView(
            MergedStats(
                {"cluster.a.upstream_rq_total": 5, "cluster.a.upstream_rq_timeout": 0},
                {"cluster.a.upstream_rq_active": 1},
                {"cluster.a.upstream_rq_time": {1: 8, 2: 1, 7: 1}, "cluster.b.upstream_rq_time": {}},
            ),
            {"cluster.a.upstream_rq_time": {2: 1}},
        )
        self.hosts: list[HostView] = [
            HostView("10.0.0.1:80", {"cx_total": 2, "rq_error": 0}, {"cx_active": 1}, locality=("r", "z", ""))
        ]

    async def stats(self) -> StatsView:
        return self.view

    async def clusters(self) -> Sequence[ClusterView]:
        thresholds = {"default": LIMITS, "high": LIMITS}
        return [ClusterView("a", "a", True, thresholds, self.hosts), ClusterView("b", "b-alt", False, thresholds)]

    def listeners(self) -> Sequence[ListenerView]:
        return [ListenerView("l1", ["127.0.0.1:80", "[::1]:81"]), ListenerView("l2", ["/run/l2.sock"])]

    def server_info(self) -> ServerInfo:
        return ServerInfo(version="tulle/x")

    def config_dump(self, include_endpoints: bool) -> ConfigDump:
        self.done.append(("dump", include_endpoints))
        return self.dump

    def memory_bytes(self) -> Mapping[str, int]:
        return {"allocated": 5}

    async def reset_counters(self) -> None:
        self.done.append("reset")

    def fail_health_check(self, failed: bool) -> None:
        self.done.append(("health failed", failed))

    def drain_listeners(self, inbound_only: bool, graceful: bool, skip_exit: bool) -> None:
        self.done.append(("drain", inbound_only, graceful, skip_exit))

    def reopen_logs(self) -> None:
        self.done.append("reopen")

    def set_log_level(self, level: str) -> None:
        self.done.append(("level", level))

    def log_levels(self) -> Mapping[str, str]:
        return {"tulle": "info"}

    def quit(self) -> None:
        self.done.append("quit")
