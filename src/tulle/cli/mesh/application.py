"""An application beside its sidecar: nobody is sent to it before it listens, or after it has ended."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tulle.agent.process import Command
from tulle.agent.registrations import register
from tulle.agent.workload import Workload
from tulle.cli.mesh.local_mesh import LocalMesh

_LOOK_S = 0.05
_LONGEST_LOOK_S = 0.5
PATIENCE_S = 10.0  # an application that does not listen after this long gets a word of warning

Say = Callable[[str, str], None]  # state, message


async def is_open(port: int) -> bool:
    """Whether something listens at a port of this machine."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def wait_until_open(port: int, timeout_s: float | None = None) -> bool:
    """Returns when something listens; False when nothing does after `timeout_s`."""
    clock = asyncio.get_running_loop().time
    began, pause_s = clock(), _LOOK_S
    while not await is_open(port):
        if timeout_s is not None and clock() - began > timeout_s:
            return False
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.2, _LONGEST_LOOK_S)
    return True


@dataclass(frozen=True, slots=True)
class ApplicationCommand:
    """What an application is started with."""

    name: str
    shell: str
    environment: dict[str, str]
    directory: Path
    log: Callable[[str], None]


class Application:
    """A supervised application; its registration follows what it does."""

    def __init__(self, mesh: LocalMesh, workload: Workload, say: Say) -> None:
        self._mesh = mesh
        self._workload = workload
        self._say = say
        self._ended = asyncio.Event()
        self.serving = asyncio.Event()

    async def follow(self, command: ApplicationCommand) -> None:
        """Keeps it running for ever."""

        def ended(code: int, pause_s: float) -> None:
            self._ended.set()
            self._say("warning", f"{command.name} ended with {code}; starting it again in {pause_s:.1f} s")

        self._mesh.start(
            Command(
                command.name,
                ["sh", "-c", command.shell],
                {"PYTHONUNBUFFERED": "1", **command.environment},
                str(command.directory),
                command.log,
                ended,
            )
        )
        while True:
            await self._serve_until_ended(command.name)

    async def _serve_until_ended(self, name: str) -> None:
        port = self._workload.app_port
        if not await wait_until_open(port, PATIENCE_S):
            self._say("warning", f"{name} does not listen on 127.0.0.1:{port} ($PORT); nobody is sent to it until then")
            await wait_until_open(port)
        self._ended.clear()
        register(self._mesh.registrations, self._workload)
        self.serving.set()
        await self._ended.wait()
        self.serving.clear()
        register(self._mesh.registrations, self._workload, serving=False)
