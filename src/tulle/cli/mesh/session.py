"""The frame of a command that keeps a mesh: a temporary folder, the state file, signals, and an end without a trace."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from tulle.agent.state import FOLDER_PREFIX, MeshState, forget_dead, write_state
from tulle.cli.mesh.local_mesh import LocalMesh, Log
from tulle.cli.output import progress
from tulle.foundation.errors import TulleError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130  # as shells count a command that Ctrl-C ended


class Session:
    """One run of such a command; `stop` is set when it shall end."""

    mesh: LocalMesh
    group: asyncio.TaskGroup

    def __init__(self, name: str, log: Log) -> None:
        forget_dead(name)
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{name}-"))
        self.stop = asyncio.Event()
        self.ready = False  # set when there is something to end politely; until then a signal ends the start
        self._log = log
        self._state: Path | None = None
        self._main: asyncio.Task[int] | None = None
        self._background: list[asyncio.Task[None]] = []

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Does work beside `main` until the end of the session, which cancels it; a failure ends the session."""
        self._background.append(self.group.create_task(work))

    def publish(self, state: MeshState) -> None:
        """Lets other commands find this mesh."""
        try:
            self._state = write_state(self.name, state)
        except OSError as error:
            progress("warning", f"other commands cannot find this mesh: {error.strerror} at {error.filename}")

    async def run(self, main: Callable[["Session"], Coroutine[Any, Any, int]]) -> int:
        """Runs `main` and ends all that it started; its exit code, or 130 when it was interrupted."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        try:
            async with asyncio.TaskGroup() as self.group:
                self.mesh = LocalMesh(self.folder, self.group, self._log)
                self._main = self.group.create_task(main(self), name="main")
                try:
                    await asyncio.wait([self._main])
                finally:
                    for task in self._background:
                        task.cancel()
                    await asyncio.gather(*self._background, return_exceptions=True)
                    await self.mesh.stop()
        except* TulleError as failures:
            raise first_failure(failures) from None
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
        return INTERRUPTED if self._main.cancelled() else self._main.result()

    def clean(self) -> None:
        """Removes what the session wrote."""
        if self._state is not None:
            self._state.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _on_signal(self) -> None:
        """The first asks politely, the second does not."""
        if not self.stop.is_set():
            self.stop.set()
            progress("info", "stopping; Ctrl-C again kills")
            if not self.ready and self._main is not None:
                self._main.cancel()
            return
        with suppress(AttributeError):  # the mesh may not be there yet
            self.mesh.kill()
        self.clean()
        os._exit(INTERRUPTED)


def first_failure(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a group, however deep it lies: the others are its consequences as a rule."""
    first = group.exceptions[0]
    return first_failure(first) if isinstance(first, BaseExceptionGroup) else first


def run_session(name: str, log: Log, main: Callable[[Session], Coroutine[Any, Any, int]]) -> int:
    """Runs `main` in a session of this name; the exit code."""
    session = Session(name, log)
    try:
        return asyncio.run(session.run(main))
    finally:
        session.clean()
