"""The proxy as its admin pages see it."""

import asyncio
import logging
from typing import Any

from tulle.protos.messages import Cluster, Node
from tulle.proxy.server.lifecycle import Lifecycle
from tulle.proxy.server.options import ProxyOptions
from tulle.proxy.server.view import Identity, MainView
from tulle.proxy.telemetry.tags import TagExtractor
from tulle.proxy.xds.inventory import Inventory

_LIMITS = {"max_connections": 1, "max_pending_requests": 1, "max_requests": 1, "max_retries": 1}


def _host(address: str, total: int, active: int) -> dict[str, object]:
    return {
        "address": address,
        "counters": {"cx_total": total},
        "gauges": {"cx_active": active},
        "hostname": "",
        "healthy": True,
        "health_flags": "healthy",
        "eds_health_status": "HEALTHY",
        "weight": 1,
        "priority": 0,
        "locality": ["r", "", ""],
        "canary": False,
    }


def _cluster(name: str, *hosts: dict[str, object]) -> dict[str, object]:
    return {
        "name": name,
        "observability_name": name,
        "thresholds": {"default": _LIMITS, "high": _LIMITS},
        "eds_service_name": "",
        "hosts": list(hosts),
    }


class _Pool:
    def __init__(self, *answers: list[dict[str, object]]) -> None:
        self.answers = answers
        self.sent: list[Any] = []

    async def ask(self, question: str) -> list[tuple[int, Any]]:
        return list(enumerate(self.answers))

    def send(self, message: Any) -> None:
        self.sent.append(message)


class _Configuration:
    def __init__(self) -> None:
        self.inventory = Inventory(lambda *what: None)


def _view(pool: _Pool) -> MainView:
    lifecycle = Lifecycle(pool, None, 1.0)  # type: ignore[arg-type]
    configuration = _Configuration()
    configuration.inventory.put_cluster(Cluster(name="static"), static=True)
    identity = Identity(ProxyOptions("b.yaml", drain_time_s=5), Node(id="n"), b"", TagExtractor())
    return MainView(lifecycle, pool, configuration, None, None, identity)  # type: ignore[arg-type]


def test_hosts_are_summed_over_the_workers() -> None:
    async def run() -> None:
        pool = _Pool(
            [_cluster("static", _host("a:1", 2, 1), _host("b:1", 1, 0)), _cluster("dynamic")],
            [_cluster("static", _host("a:1", 3, 1), _host("c:1", 9, 0)), _cluster("dynamic")],
        )
        static, dynamic = await _view(pool).clusters()
        assert [(host.address, host.counters["cx_total"], host.gauges["cx_active"]) for host in static.hosts] == [
            ("a:1", 5, 2),
            ("b:1", 1, 0),
            ("c:1", 9, 0),
        ]
        assert static.hosts[0].locality == ("r", "", "")
        assert (static.added_via_api, dynamic.added_via_api) == (False, True)

    asyncio.run(run())


def test_what_is_changed_is_told_to_the_workers() -> None:
    async def run() -> None:
        pool = _Pool()
        view = _view(pool)
        level = logging.getLogger("tulle").level
        view.set_log_level("error")
        assert view.log_levels()["tulle"] == "error"
        logging.getLogger("tulle").setLevel(level)
        view.fail_health_check(True)
        view.reopen_logs()
        assert pool.sent == [("log_level", "error"), ("health_failed", True), ("reopen_logs",)]

    asyncio.run(run())


def test_server_info_has_the_node_and_the_options() -> None:
    async def run() -> None:
        info = _view(_Pool()).server_info()
        assert info.node.id == "n"
        assert info.command_line_options.config_path == "b.yaml"
        assert info.command_line_options.drain_time.seconds == 5

    asyncio.run(run())
