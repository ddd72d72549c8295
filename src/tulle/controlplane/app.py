"""The composition root of the control plane: files → store → context → proxies."""

import asyncio
import logging
import socket
import sys
from contextlib import AbstractContextManager, nullcontext

import uvicorn

from tulle.api.problems import Problem
from tulle.controlplane.admin.metrics import Metrics
from tulle.controlplane.admin.pages import build_admin
from tulle.controlplane.config.analyzers import analyze
from tulle.controlplane.config.file_source import follow_files, read_files, require_paths
from tulle.controlplane.config.store import Store
from tulle.controlplane.push.context import PushContext, build_context
from tulle.controlplane.push.node import Node
from tulle.controlplane.push.pipeline import Debounce
from tulle.controlplane.settings import Settings, parse_address
from tulle.controlplane.xds.ads_server import AdsServer, start_grpc_server
from tulle.controlplane.xds.status import Ledger
from tulle.foundation.component import Component, run_components
from tulle.foundation.errors import TulleError
from tulle.foundation.yaml import code_frame, printable

_log = logging.getLogger("tulle.controlplane")
GRACE_S = 0.5  # for streams that are being answered when the control plane ends


class ControlPlane:
    """One control plane; `run` serves until `stop` is set."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store()
        self.ledger = Ledger()
        self.metrics = Metrics(self)
        self.started = asyncio.Event()
        self.xds_port = 0
        self.admin_port = 0
        require_paths(settings.config_paths)
        self.store.replace(read_files(settings.config_paths))
        self.ads = AdsServer(build_context(self.store.state), self.ledger, self.metrics.convergence.observe)
        self._debounce = Debounce(settings.quiet_s, settings.longest_s, asyncio.get_running_loop().time)
        self._changed = asyncio.Event()
        self._told: set[str] = set()
        self._findings = analyze(self.store.state)

    @property
    def context(self) -> PushContext:
        """The context in force."""
        return self.ads.context

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files as they are now."""
        return (*self.store.problems, *self._findings)

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
        try:
            with listen(self.settings.admin_address) as listening:
                self.admin_port = listening.getsockname()[1]
                await run_components(
                    [
                        Component("admin", lambda: self._serve_admin(listening)),
                        Component("files", self._follow_files),
                        Component("push", self._push),
                    ],
                    stop,
                )
        finally:
            await server.stop(GRACE_S)

    async def _serve_admin(self, listening: socket.socket) -> None:
        app = build_admin(self, self.store.text_of)
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
        # Requests wait in the backlog of the socket, which listens already, until the server takes them.
        self.started.set()
        await _QuietServer(config).serve(sockets=[listening])

    async def _follow_files(self) -> None:
        async for texts in follow_files(self.settings.config_paths):
            if self.store.replace(texts):
                self._findings = analyze(self.store.state)
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
            with self.metrics.build.time():
                context = build_context(self.store.state)
            await self.ads.publish(context)
            self.metrics.debounce.observe(waited)
            self.metrics.triggers.labels("config").inc()
            _log.info("version %s to %d proxies after %.0f ms", self.context.version, len(self.nodes), waited * 1000)

    def _tell_problems(self) -> None:
        """Prints each new error once, with the lines around it."""
        errors = [problem for problem in self.problems if problem.severity == "error"]
        broken = self.store.broken_files()
        for problem in errors:
            if str(problem) not in self._told:
                print(printable(str(problem)), file=sys.stderr)
                if problem.place:
                    print(code_frame(self.store.text_of(problem.place.file), problem.place), file=sys.stderr)
                if problem.place and problem.place.file in broken:
                    print("the last good version stays in force", file=sys.stderr)
                sys.stderr.flush()
        self._told = {str(problem) for problem in errors}


def listen(address: str) -> socket.socket:
    """A listening socket for `host:port`; TulleError when the address cannot be bound."""
    host, port = parse_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise TulleError(f"cannot listen on {address}: {error}", "choose another one with --admin-address") from error


class _QuietServer(uvicorn.Server):
    """Leaves signals to the process."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Nothing: the command sets the handlers."""
        return nullcontext()


async def run_control_plane(settings: Settings, stop: asyncio.Event) -> None:
    """Runs one until `stop` is set."""
    await ControlPlane(settings).run(stop)
