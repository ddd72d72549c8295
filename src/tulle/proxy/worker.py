"""A worker process: one event loop, told by the main process what to serve, gone when the main process is."""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import uvloop

from tulle.foundation.logs import configure, level_of
from tulle.proxy.assembly import Assembly
from tulle.proxy.channel import Channel, Message

_log = logging.getLogger("tulle.proxy.worker")

# The garbage that cycles make is little; collecting often costs latency and, after a fork, memory.
_GC_THRESHOLDS = (50_000, 20, 50)


class Worker:
    """Reads what the main process says and answers it."""

    def __init__(self, end: socket.socket, index: int, group: asyncio.TaskGroup) -> None:
        self._index = index
        self._group = group
        self._gone = asyncio.Event()
        self._assembly: Assembly | None = None
        self._failure: Exception | None = None
        self._channel = Channel(end, self._on_message, self._gone.set)
        self._questions: dict[str, Callable[[Assembly], Any]] = {
            "ping": lambda assembly: True,
            "stats": lambda assembly: _plain(assembly.stats.snapshot()),
            "hosts": lambda assembly: assembly.describe_clusters(),
        }

    async def serve(self) -> None:
        """Returns when the main process says so or is gone; raises what kept the worker from being set up."""
        await self._gone.wait()
        if self._failure is not None:
            raise self._failure
        if self._assembly is not None:
            self._assembly.close()

    def _on_message(self, message: Message, descriptors: Sequence[int]) -> None:
        match message:
            case ("put", type_url, name, data):
                self._put(type_url, name, data, descriptors)
            case ("ask", number, question):
                answer = self._questions[question](self._assembly) if self._assembly is not None else None
                self._channel.send(("answer", number, answer))
            case ("settings", settings):
                self._set_up(settings)
            case ("stop",):
                self._gone.set()
            case ("log_level", level):
                logging.getLogger("tulle").setLevel(level_of(level))
            case _:
                self._command(message)

    def _set_up(self, settings: Any) -> None:
        """A worker that cannot be set up ends, and with it every wait for its answers."""
        try:
            self._assembly = Assembly(settings, self._index, self._group)
        except Exception as error:
            self._failure = error
            self._gone.set()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        gc.enable()

    def _put(self, type_url: str, name: str, data: bytes | None, descriptors: Sequence[int]) -> None:
        assert self._assembly is not None, "the settings come first"
        try:
            self._assembly.put(type_url, name, data, descriptors)
        except Exception as error:
            # The main process built the same before it was published, so this is a bug; the old version stays in force.
            _log.exception("worker %d cannot take over %s %s", self._index, type_url, name)
            self._channel.send(("failed", type_url, name, str(error)))

    def _command(self, message: Message) -> None:
        assembly = self._assembly
        if assembly is None:
            return
        match message:
            case ("drain", bound_s):
                assembly.drain(bound_s, lambda: self._channel.send(("drained",)))
            case ("drain_listeners", names, keep_open):
                assembly.drain_listeners(names, keep_open)
            case ("health_failed", failed):
                assembly.fail_health_check(failed)
            case ("reset_counters",):
                assembly.stats.reset_counters()
            case ("reopen_logs",):
                assembly.log_files.reopen()


def _plain(snapshot: Any) -> Any:
    """Without named tuples, which `marshal` does not write."""
    counters, gauges, histograms, shapes = snapshot
    return counters, gauges, histograms, [(tuple(shape), prefixes) for shape, prefixes in shapes]


def run_worker(end: socket.socket, index: int) -> NoReturn:
    """Becomes a worker: the process ends with this function."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)  # the main process decides, and tells
    code = 0
    try:
        uvloop.run(_serve(end, index))
    except BaseException:
        _log.exception("worker %d failed", index)
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class _Over(Exception):
    """Ends the tasks of a worker that is over."""


async def _serve(end: socket.socket, index: int) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            await Worker(end, index, group).serve()
            raise _Over
    except* _Over:
        pass


def main(arguments: list[str]) -> NoReturn:
    """`python -m tulle.proxy.worker DESCRIPTOR INDEX LEVEL`: a worker that replaces one that died."""
    descriptor, index, level = int(arguments[0]), int(arguments[1]), arguments[2]
    gc.disable()
    configure(level)
    end = socket.socket(fileno=descriptor)
    end.set_inheritable(False)
    end.setblocking(False)
    run_worker(end, index)


if __name__ == "__main__":
    main(sys.argv[1:])
