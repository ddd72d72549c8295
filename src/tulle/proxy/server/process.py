"""The main process from its start to its end."""

import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tulle.foundation.errors import TulleError
from tulle.protos.messages import Admin, Bootstrap
from tulle.proxy.admin.http_server import AdminServer
from tulle.proxy.admin.pages import PAGES
from tulle.proxy.bootstrap import flush_interval_s
from tulle.proxy.channel import Message
from tulle.proxy.server.configuration import Checks, Configuration
from tulle.proxy.server.lifecycle import INITIALIZING, LIVE, Lifecycle
from tulle.proxy.server.options import DRAIN_TIME_S, ProxyOptions
from tulle.proxy.server.publisher import Publisher
from tulle.proxy.server.sockets import ListeningSockets, Place
from tulle.proxy.server.stats_collector import STATES, ServerStats, StatsCollector, memory_bytes
from tulle.proxy.server.view import Identity, MainView
from tulle.proxy.server.workers import RunWorker, Worker, WorkerPool
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.telemetry.tags import TagExtractor, rules_of

_log = logging.getLogger("tulle.proxy.server")


@dataclass(frozen=True, slots=True)
class Start:
    """What a proxy starts from. `settings` is what every worker is told first, in plain values."""

    options: ProxyOptions
    proto: Bootstrap
    checks: Checks
    settings: Mapping[str, object]
    began: float  # on the monotonic clock


class Server:
    """The parts of the main process, joined."""

    def __init__(self, start: Start, pool: "LatePool") -> None:
        options, proto = start.options, start.proto
        self._start = start
        self._stats = StatsStore()
        self._server_stats = ServerStats(self._stats, "server.")
        self._pool = pool.pool
        pool.server = self
        self._sockets = ListeningSockets(options.concurrency)
        self._publisher = Publisher(self._pool, self._sockets)
        self._configuration = Configuration(self._publisher, self._sockets, start.checks, self._stats)
        drain_time_s = DRAIN_TIME_S if options.drain_time_s is None else options.drain_time_s
        self._lifecycle = Lifecycle(self._pool, self._sockets, drain_time_s)
        self._lifecycle.inventory = self._configuration.inventory
        self._collector = StatsCollector(self._stats, self._pool, self._refresh)
        own_rules, use_defaults = rules_of(proto.stats_config)
        identity = Identity(options, proto.node, proto.SerializeToString(), TagExtractor(own_rules, use_defaults))
        self._view = MainView(
            self._lifecycle, self._pool, self._configuration, self._sockets, self._collector, identity
        )

    async def run(self) -> int:
        """From the first worker to the last; the exit code."""
        start, lifecycle = self._start, self._lifecycle
        self._add_signal_handlers()
        admin = await self._serve_admin(start.proto.admin) if start.proto.HasField("admin") else None
        try:
            self._pool.attach()
            lifecycle.enter(INITIALIZING)
            self._configuration.load_static(start.proto)
            self._configuration.use_ads(start.proto)
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._configuration.follow(), name="xds"),
                    group.create_task(self._initialize(), name="initialization"),
                    group.create_task(self._flush_stats(flush_interval_s(start.proto)), name="stats"),
                ]
                await lifecycle.stop.wait()
                if not lifecycle.at_once:
                    await lifecycle.drain(start.options.shutdown_drain_s)
                for task in tasks:
                    task.cancel()
        except* TulleError as failures:
            raise failures.exceptions[0] from None
        finally:
            self._pool.end()
            self._sockets.close()
            if admin is not None:
                admin.close()
        return 0

    async def _initialize(self) -> None:
        await self._configuration.initialize(self._start.proto)
        self._start.proto.Clear()  # everything of it that is needed is kept in other forms
        await self._pool.ask("ping")
        took_ms = (time.monotonic() - self._start.began) * 1000
        self._server_stats.initialization_time_ms.record(took_ms)
        self._server_stats.live.value = 1
        self._lifecycle.enter(LIVE)
        _log.info("live after %.0f ms", took_ms)
        gc.collect()
        gc.freeze()
        gc.enable()

    async def _flush_stats(self, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            await self._collector.flush()

    def introduce(self, worker: Worker) -> None:
        """Tells a new worker who it is and all that is in force."""
        worker.send(("settings", dict(self._start.settings)))
        self._configuration.introduce(worker)
        if self._lifecycle.health_failed:
            worker.send(("health_failed", True))

    def on_note(self, worker: Worker, note: Message) -> None:
        """Hears what a worker says of its own accord."""
        match note[0]:
            case "drained":
                self._lifecycle.note_drained(worker)
            case "failed":
                _log.error("worker %d could not take over %s %s: %s", worker.index, *note[1:])

    def on_gone(self, worker: Worker) -> None:
        """A worker died."""
        self._server_stats.worker_restarts.value += 1
        self._collector.retire(worker.index)
        self._lifecycle.note_drained(worker)

    async def _serve_admin(self, admin: Admin) -> asyncio.Server:
        server = AdminServer(PAGES, self._view, self._stats)
        try:
            listening = _bind_admin(admin)
        except OSError as error:
            raise TulleError(
                f"the admin address cannot be bound: {error.strerror}",
                "`ss -ltnp` shows which process listens on an address",
            ) from error
        serving = await asyncio.start_server(server.serve_connection, sock=listening, limit=64 * 1024)
        path = self._start.options.admin_address_path
        if path:
            await asyncio.get_running_loop().run_in_executor(None, _write_whole, path, _address_text(listening))
        return serving

    def _add_signal_handlers(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._lifecycle.on_signal)
        loop.add_signal_handler(signal.SIGUSR1, self._view.reopen_logs)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _refresh(self) -> None:
        stats = self._server_stats
        stats.concurrency.value = self._start.options.concurrency
        stats.state.value = STATES[self._lifecycle.state]
        stats.uptime.value = int(time.monotonic() - self._start.began)
        stats.days_until_first_cert_expiring.value = 2**32 - 1
        memory = memory_bytes()
        stats.memory_allocated.value = memory["allocated"]
        stats.memory_heap_size.value = memory["heap_size"]
        stats.memory_physical_size.value = memory["total_physical_bytes"]
        self._configuration.count()


class LatePool:
    """The workers, forked before there is a loop, or a server that their words could go to."""

    def __init__(self, count: int, run_worker: RunWorker) -> None:
        self.server: Server | None = None
        self.pool = WorkerPool(self._introduce, self._on_note, self._on_gone)
        self.pool.fork_first(count, run_worker)

    def _introduce(self, worker: Worker) -> None:
        if self.server is not None:
            self.server.introduce(worker)

    def _on_note(self, worker: Worker, note: Message) -> None:
        if self.server is not None:
            self.server.on_note(worker, note)

    def _on_gone(self, worker: Worker) -> None:
        if self.server is not None:
            self.server.on_gone(worker)


def serve(start: Start, pool: LatePool) -> int:
    """Runs the main process; returns its exit code."""
    import uvloop

    async def run() -> int:
        return await Server(start, pool).run()

    return uvloop.run(run())


def _bind_admin(admin: Admin) -> socket.socket:
    """The admin's listening socket."""
    if admin.address.WhichOneof("address") == "pipe":
        path = admin.address.pipe.path
        if os.path.exists(path):
            os.unlink(path)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
        return listening
    address = admin.address.socket_address
    place = Place(address.address, address.port_value)
    listening = socket.socket(socket.AF_INET6 if ":" in address.address else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.address, address.port_value))
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"'{place}': {error.strerror}") from error
    return listening


def _address_text(listening: socket.socket) -> str:
    name = listening.getsockname()
    return str(Place(name[0], name[1])) if isinstance(name, tuple) else str(name)


def _write_whole(path: str, text: str) -> None:
    """Writes a file so that a reader never sees half of it."""
    partial = Path(f"{path}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
