"""A child process under supervision: restarted with back-off, ended politely, dead when its parent is."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tulle.foundation.backoff import Backoff

_STABLE_S = 10.0  # a process that ran this long did not fail at its start
_LAST_WORDS_S = 0.5  # how long the output of an ended process is read on, should its children hold it open
_LONGEST_LINE = 64 * 1024  # a longer line is passed on in pieces

_log = logging.getLogger("tulle.agent.process")


@dataclass(frozen=True, slots=True)
class Command:
    """What to run; `log` receives each line of its output, and without one the output goes to our stderr."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str | None = None
    log: Callable[[str], None] | None = None
    ended: Callable[[int, float], None] | None = None  # told of each end: exit code, seconds until the next start
    grace_s: float = 5.0  # from SIGTERM to SIGKILL
    foreground: bool = False  # shares our terminal and its Ctrl-C; otherwise it gets signals only from us


class ChildProcess:
    """One command, running."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._process: asyncio.subprocess.Process | None = None
        self._output: tuple[asyncio.StreamReader, asyncio.BaseTransport] | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Starts it; a command that cannot be found ends with 127, as in a shell."""
        command = self.command
        # A pipe of our own: asyncio would not tell of the end before whoever inherited its pipe has ended too.
        reading, writing = os.pipe() if command.log else (None, None)
        leashed = [sys.executable, "-m", "tulle.agent.leash", str(os.getpid()), *command.arguments]
        self._process = await asyncio.create_subprocess_exec(
            *leashed,
            env={**os.environ, **command.environment},
            cwd=command.directory,
            stdin=None if command.foreground else asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            # With a session of its own a Ctrl-C of the terminal reaches only us, and its children can be ended with it.
            start_new_session=not command.foreground,
        )
        if reading is not None and writing is not None:
            os.close(writing)
            self._output = await _open_pipe(reading)

    async def wait(self) -> int:
        """Its exit code, once it has ended; its output is passed on until then."""
        process = self._process
        if process is None:
            raise RuntimeError(f"{self.command.name} was not started")
        if self._output is None or self.command.log is None:
            code = await process.wait()
            self._end_the_rest(process)
            return code
        reader, transport = self._output
        try:
            async with asyncio.TaskGroup() as group:
                passing_on = group.create_task(_pass_on(reader, self.command.log))
                code = await process.wait()
                self._end_the_rest(process)
                await asyncio.wait([passing_on], timeout=_LAST_WORDS_S)
                passing_on.cancel()
        finally:
            transport.close()
        return code

    def _end_the_rest(self, process: asyncio.subprocess.Process) -> None:
        """Ends what the process has started and left behind: it would hold on to its ports."""
        if not self.command.foreground:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def send(self, number: int) -> None:
        """Sends a signal to it and to the processes that it started; nothing when it has ended."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if self.command.foreground:
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)

    async def stop(self) -> None:
        """Ends it: SIGTERM, and SIGKILL after the grace."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.command.grace_s)
        except TimeoutError:
            _log.warning("%s did not end in %g s and is killed", self.command.name, self.command.grace_s)
            self.send(signal.SIGKILL)
            await process.wait()
        self._end_the_rest(process)

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
                if self.command.ended is not None:
                    self.command.ended(code, pause_s)
                else:
                    _log.warning("%s ended with %d; starting it again in %.1f s", self.command.name, code, pause_s)
                await asyncio.sleep(pause_s)
        finally:
            await self.stop()


async def _open_pipe(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    """The reading end of a pipe as a stream."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader, transport


async def _pass_on(stream: asyncio.StreamReader, log: Callable[[str], None]) -> None:
    """Every line of a stream; lines without an end come in pieces, so that memory stays bounded."""
    rest = b""
    while chunk := await stream.read(_LONGEST_LINE):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) >= _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        for line in lines:
            log(line.decode(errors="replace").rstrip("\r"))
    if rest:
        log(rest.decode(errors="replace"))
