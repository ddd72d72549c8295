"""A child process under supervision: restarted with back-off, ended politely, dead when its parent is."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tulle.foundation.backoff import Backoff

_STABLE_S = 10.0  # a process that ran this long did not fail at its start

_log = logging.getLogger("tulle.agent.process")


@dataclass(frozen=True, slots=True)
class Command:
    """What to run; `log` receives each line of its output, and without one the output goes to our stderr."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str | None = None
    log: Callable[[str], None] | None = None
    grace_s: float = 5.0  # from SIGTERM to SIGKILL


class ChildProcess:
    """One command, running."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._process: asyncio.subprocess.Process | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Starts it; a command that cannot be found ends with 127, as in a shell."""
        command = self.command
        leashed = [sys.executable, "-m", "tulle.agent.leash", str(os.getpid()), *command.arguments]
        self._process = await asyncio.create_subprocess_exec(
            *leashed,
            env={**os.environ, **command.environment},
            cwd=command.directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if command.log else None,
            stderr=asyncio.subprocess.STDOUT if command.log else None,
        )

    async def wait(self) -> int:
        """Its exit code, once it has ended; its output is passed on until then."""
        process = self._process
        if process is None:
            raise RuntimeError(f"{self.command.name} was not started")
        if process.stdout is not None and self.command.log is not None:
            async for line in process.stdout:
                self.command.log(line.decode(errors="replace").rstrip("\n"))
        return await process.wait()

    async def stop(self) -> None:
        """Ends it: SIGTERM, and SIGKILL after the grace."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.command.grace_s)
        except TimeoutError:
            _log.warning("%s did not end in %g s and is killed", self.command.name, self.command.grace_s)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def follow(self, backoff: Backoff | None = None) -> None:
        """Keeps it running for ever, and stops it when cancelled."""
        backoff = backoff or Backoff(0.2, 5.0)
        clock = asyncio.get_running_loop().time
        try:
            while True:
                if self.pid is None:
                    await self.start()
                began = clock()
                code = await self.wait()
                if clock() - began > _STABLE_S:
                    backoff.reset()
                self.restarts += 1
                pause_s = backoff.next_s()
                _log.warning("%s ended with %d; starting it again in %.1f s", self.command.name, code, pause_s)
                await asyncio.sleep(pause_s)
        finally:
            await self.stop()
