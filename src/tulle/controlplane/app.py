"""The composition root of the control plane: files → store → context → proxies."""

import asyncio
import logging
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import uvicorn

from tulle.api.problems import Problem
from tulle.controlplane.admin import Metrics, build_admin
from tulle.controlplane.config.file_source import follow_files, read_files
from tulle.controlplane.config.store import Store
from tulle.controlplane.push.context import PushContext, build_context
from tulle.controlplane.push.node import Node
from tulle.controlplane.push.pipeline import Debounce
from tulle.controlplane.settings import Settings
from tulle.controlplane.xds.ads_server import AdsServer, start_grpc_server
from tulle.controlplane.xds.status import Ledger
from tulle.foundation.component import Component, run_components
from tulle.foundation.yaml import code_frame

_log = logging.getLogger("tulle.controlplane")


class ControlPlane:
    """One control plane; `run` serves until `stop` is set."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store()
        self.ledger = Ledger()
        self.metrics = Metrics()
        self.started = asyncio.Event()
        self.xds_port = 0
        self.admin_port = 0
        self.store.replace(read_files(settings.config_paths))
        self.ads = AdsServer(build_context(self.store.state), self.ledger)
        self._debounce = Debounce(settings.quiet_s, settings.longest_s, asyncio.get_running_loop().time)
        self._changed = asyncio.Event()
        self._told: set[str] = set()

    @property
    def context(self) -> PushContext:
        """The context in force."""
        return self.ads.context

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files as they are now."""
        return self.store.problems

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The connected proxies."""
        return self.ads.nodes

    @property
    def ready(self) -> bool:
        """Whether it serves."""
        return self.started.is_set()

    async def run(self, stop: asyncio.Event) -> None:
        """Serves xDS and the admin interface and follows the files."""
        self._tell_problems()
        server, self.xds_port = await start_grpc_server(self.ads, self.settings.xds_address)
        host, _, port = self.settings.admin_address.rpartition(":")
        app = build_admin(self, lambda file: Path(file).read_text() if Path(file).exists() else "")
        config = uvicorn.Config(app, host=host, port=int(port), log_level="warning", lifespan="off", ws="none")
        admin = _QuietServer(config)
        try:
            await run_components(
                [
                    Component("admin", lambda: self._serve_admin(admin)),
                    Component("files", self._follow_files),
                    Component("push", self._push),
                ],
                stop,
            )
        finally:
            await server.stop(0.5)

    async def _serve_admin(self, admin: "_QuietServer") -> None:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(admin.serve())
            while not admin.started and not serving.done():
                await asyncio.sleep(0.01)
            if admin.started:
                self.admin_port = admin.servers[0].sockets[0].getsockname()[1]
                self.started.set()

    async def _follow_files(self) -> None:
        async for texts in follow_files(self.settings.config_paths):
            if self.store.replace(texts):
                self._debounce.note()
                self._changed.set()
            self._tell_problems()

    async def _push(self) -> None:
        while True:
            await self._changed.wait()
            while wait_s := self._debounce.wait_s():
                await asyncio.sleep(wait_s)
            self._changed.clear()
            waited = self._debounce.done()
            await self.ads.publish(build_context(self.store.state))
            self.metrics.pushes.inc()
            _log.info("version %s to %d proxies after %.0f ms", self.context.version, len(self.nodes), waited * 1000)

    def _tell_problems(self) -> None:
        """Prints each new error once, with the lines around it."""
        errors = [problem for problem in self.problems if problem.severity == "error"]
        for problem in errors:
            if str(problem) not in self._told:
                print(problem, file=sys.stderr)
                text = Path(problem.place.file).read_text() if problem.place else ""
                print(code_frame(text, problem.place) if problem.place else "", file=sys.stderr)
                print("the last good version stays in force", file=sys.stderr, flush=True)
        self._told = {str(problem) for problem in errors}


class _QuietServer(uvicorn.Server):
    """Leaves signals to the process."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Nothing: the command sets the handlers."""
        return nullcontext()


async def run_control_plane(settings: Settings, stop: asyncio.Event) -> None:
    """Runs one until `stop` is set."""
    await ControlPlane(settings).run(stop)
