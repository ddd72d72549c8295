"""The processes of a mesh on one machine, started, watched and ended together."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tulle.agent.addresses import free_port
from tulle.agent.bootstrap import ProxySettings, render_bootstrap
from tulle.agent.engines import proxy_command
from tulle.agent.process import ChildProcess, Command
from tulle.agent.state import MeshState
from tulle.cli.mesh.fetch import wait_until_ready
from tulle.foundation.errors import Unreachable

START_TIMEOUT_S = 30.0


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

    def __init__(self, folder: Path, group: asyncio.TaskGroup, log: Callable[[str], None] | None = None) -> None:
        self.folder = folder
        self.registrations = folder / "registrations"
        self.proxies: list[RunningProxy] = []
        self.control_plane: ChildProcess | None = None
        self._group = group
        self._log = log
        self._tasks: list[asyncio.Task[None]] = []
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
        self._xds_port = free_port(wanted=15010)
        self._admin_port = free_port(wanted=15014)
        sources = [argument for path in (str(self.registrations), *configs) for argument in ("--config", path)]
        arguments = [
            *(sys.executable, "-m", "tulle", "control-plane"),
            *sources,
            *("--xds-address", f"127.0.0.1:{self._xds_port}"),
            *("--admin-address", f"127.0.0.1:{self._admin_port}"),
            *("--log-level", "warning"),
        ]
        self.control_plane = ChildProcess(Command("control plane", arguments, log=self._log))
        await self._follow(self.control_plane, f"{self.admin_url}/ready")

    async def start_proxy(self, settings: ProxySettings, engine: str) -> RunningProxy:
        """Starts a proxy and waits until it serves what the control plane gave it."""
        folder = self.folder / "proxies" / settings.name
        folder.mkdir(parents=True, exist_ok=True)
        bootstrap = folder / "bootstrap.json"
        bootstrap.write_text(json.dumps(render_bootstrap(settings), indent=2))
        admin_file = folder / "admin"
        admin_file.unlink(missing_ok=True)
        child = ChildProcess(Command(settings.name, proxy_command(engine, bootstrap, admin_file), log=self._log))
        task = self._group.create_task(child.follow(), name=settings.name)
        self._tasks.append(task)
        admin = f"http://{await _read_when_written(admin_file, task)}"
        await wait_until_ready(f"{admin}/ready", START_TIMEOUT_S)
        proxy = RunningProxy(settings, child, admin, engine)
        self.proxies.append(proxy)
        return proxy

    async def start_application(self, command: Command) -> ChildProcess:
        """Starts an application beside the proxies."""
        child = ChildProcess(command)
        self._tasks.append(self._group.create_task(child.follow(), name=command.name))
        return child

    async def stop(self) -> None:
        """Ends all processes: applications and proxies first, the control plane last."""
        for task in reversed(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, child: ChildProcess, ready_url: str) -> None:
        self._tasks.append(self._group.create_task(child.follow(), name=child.command.name))
        await wait_until_ready(ready_url, START_TIMEOUT_S)


async def _read_when_written(path: Path, task: asyncio.Task[None]) -> str:
    """The content of a file that a child process writes when it has come up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_TIMEOUT_S
    while not path.exists() or not path.read_text().strip():
        if task.done() or loop.time() > deadline:
            raise Unreachable(f"{task.get_name()} did not come up within {START_TIMEOUT_S:g} s")
        await asyncio.sleep(0.02)
    return path.read_text().strip()


def write_resources(path: Path, resources: Sequence[Mapping[str, object]]) -> None:
    """Writes resources as one YAML file, at once: a watcher never sees half of it."""
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.write_text(yaml.safe_dump_all(resources, sort_keys=False))
    fresh.replace(path)
