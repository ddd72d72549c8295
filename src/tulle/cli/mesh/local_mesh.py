"""The processes of a mesh on one machine, started, watched and ended together."""

import asyncio
import json
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tulle.agent.addresses import free_port
from tulle.agent.bootstrap import ProxySettings, render_bootstrap
from tulle.agent.engines import proxy_command
from tulle.agent.process import ChildProcess, Command
from tulle.agent.state import MeshState
from tulle.cli.mesh.fetch import wait_until_ready
from tulle.foundation.errors import Unreachable

START_TIMEOUT_S = 30.0
CONTROL_PLANE = "control-plane"
_FAILED_STARTS = 3  # a process that ended so often before it was ready will not come up
_LAST_LINES = 8

Log = Callable[[str, str], None]  # name of the process, line


@dataclass(frozen=True, slots=True)
class RunningProxy:
    """A proxy that has its first configuration."""

    settings: ProxySettings
    child: ChildProcess
    admin: str  # URL
    engine: str


class LocalMesh:
    """A control plane that watches directories, and the proxies that it configures.

    Every process is followed in `group`: it is started again when it dies, and ends when its task is cancelled.
    """

    def __init__(self, folder: Path, group: asyncio.TaskGroup, log: Log) -> None:
        self.folder = folder
        self.registrations = folder / "registrations"
        self.proxies: list[RunningProxy] = []
        self.children: list[ChildProcess] = []
        self._group = group
        self._log = log
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._last_lines: dict[str, deque[str]] = {}
        self._ready: set[str] = set()
        self._xds_port = 0
        self._admin_port = 0

    @property
    def xds_address(self) -> tuple[str, int]:
        """Where proxies get their configuration."""
        return "127.0.0.1", self._xds_port

    @property
    def admin_url(self) -> str:
        """The control plane's admin and read API."""
        return f"http://127.0.0.1:{self._admin_port}"

    def state(self, pid: int, page: str = "", gateway: str = "") -> MeshState:
        """What other commands need to find this mesh."""
        host, port = self.xds_address
        return MeshState(
            pid=pid,
            xds=f"{host}:{port}",
            admin=self.admin_url,
            registrations=str(self.registrations),
            page=page,
            gateway=gateway,
        )

    async def start_control_plane(self, configs: Sequence[str]) -> None:
        """Starts it on `configs` and the registrations, and waits until it is ready."""
        self.registrations.mkdir(parents=True, exist_ok=True)
        self._xds_port = self._xds_port or free_port(wanted=15010)
        self._admin_port = self._admin_port or free_port(wanted=15014)
        sources = [argument for path in (str(self.registrations), *configs) for argument in ("--config", path)]
        arguments = [
            *(sys.executable, "-m", "tulle", "control-plane"),
            *sources,
            *("--xds-address", f"127.0.0.1:{self._xds_port}"),
            *("--admin-address", f"127.0.0.1:{self._admin_port}"),
            *("--log-level", "warning"),
        ]
        child = self.start(self._command(CONTROL_PLANE, arguments))
        await self._wait_until_ready(child, f"{self.admin_url}/ready")

    async def restart_control_plane(self, configs: Sequence[str]) -> None:
        """Starts it anew at the same addresses; proxies serve on and come back to it."""
        quiet, self._ready = self._ready, set()  # that they miss it for a moment is no news
        await self._end([CONTROL_PLANE])
        await self.start_control_plane(configs)
        self._ready |= quiet

    async def start_proxy(self, settings: ProxySettings, engine: str) -> RunningProxy:
        """Starts a proxy and waits until it serves what the control plane gave it."""
        folder = self.folder / "proxies" / settings.name
        folder.mkdir(parents=True, exist_ok=True)
        bootstrap = folder / "bootstrap.json"
        bootstrap.write_text(json.dumps(render_bootstrap(settings), indent=2))
        admin_file = folder / "admin"
        admin_file.unlink(missing_ok=True)
        name = f"{settings.name} proxy"
        child = self.start(self._command(name, proxy_command(engine, bootstrap, admin_file)))
        address = await self._read_when_written(child, admin_file)
        await self._wait_until_ready(child, f"http://{address}/ready")
        proxy = RunningProxy(settings, child, f"http://{address}", engine)
        self.proxies.append(proxy)
        return proxy

    def start(self, command: Command) -> ChildProcess:
        """Starts a process and keeps it running."""
        child = ChildProcess(command)
        self.children.append(child)
        self._tasks[command.name] = self._group.create_task(child.follow(), name=command.name)
        return child

    def own(self, child: ChildProcess) -> ChildProcess:
        """Takes a process that somebody else starts and waits for, so that it is killed with the others."""
        self.children.append(child)
        return child

    async def stop(self) -> None:
        """Ends all processes: applications and proxies first, the control plane last."""
        await self._end([name for name in self._tasks if name != CONTROL_PLANE])
        await self._end(list(self._tasks))

    def kill(self) -> None:
        """Ends all processes at once and without their consent."""
        for child in self.children:
            child.send(signal.SIGKILL)

    async def _end(self, names: Sequence[str]) -> None:
        tasks = [self._tasks.pop(name) for name in names if name in self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.children = [child for child in self.children if child.command.name not in names]

    def _command(self, name: str, arguments: Sequence[str]) -> Command:
        """Passes lines on once a proxy is ready; until then they are kept for the error should it not come up."""
        lines = self._last_lines[name] = deque(maxlen=_LAST_LINES)
        self._ready.discard(name)
        if name == CONTROL_PLANE:
            self._ready.add(name)  # what is wrong with the rules is said at its start

        def log(line: str) -> None:
            lines.append(line)
            if name in self._ready:
                self._log(name, line)

        def ended(code: int, pause_s: float) -> None:
            if name in self._ready:
                self._log(name, f"ended with {code}; starting it again in {pause_s:.1f} s")

        return Command(name, arguments, log=log, ended=ended)

    def _check(self, child: ChildProcess, deadline: float) -> None:
        """Unreachable when the process keeps ending, or when its time is over."""
        name = child.command.name
        words = "\n".join(f"    {line}" for line in self._last_lines.get(name, ()))
        said = f"; its last words:\n{words}" if words else ""
        if child.restarts >= _FAILED_STARTS:
            raise Unreachable(f"{name} ended {child.restarts} times at its start{said}")
        if asyncio.get_running_loop().time() > deadline:
            raise Unreachable(f"{name} did not come up within {START_TIMEOUT_S:g} s{said}")

    async def _wait_until_ready(self, child: ChildProcess, url: str) -> None:
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while True:
            try:
                await wait_until_ready(url, 0.3)
            except Unreachable:
                self._check(child, deadline)
            else:
                self._ready.add(child.command.name)
                return

    async def _read_when_written(self, child: ChildProcess, path: Path) -> str:
        """The content of a file that a child process writes when it has come up."""
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while not path.exists() or not path.read_text().strip():
            self._check(child, deadline)
            await asyncio.sleep(0.02)
        return path.read_text().strip()
