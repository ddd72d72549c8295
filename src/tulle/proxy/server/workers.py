"""Worker processes: made, told, asked, made again when one dies."""

import asyncio
import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from tulle.foundation.backoff import Backoff
from tulle.proxy.channel import Channel, Message, pair

RunWorker = Callable[[socket.socket, int], NoReturn]

_ASK_TIMEOUT_S = 3.0
_EXIT_GRACE_S = 0.5  # from the end of its channel to the end of a worker
_STABLE_S = 5.0  # a worker that lived this long did not die of its configuration

_log = logging.getLogger("tulle.proxy.workers")


class Worker:
    """One worker process as the main process sees it."""

    def __init__(self, index: int, pid: int, end: socket.socket) -> None:
        self.index = index
        self.pid = pid
        self.end = end
        self.born = 0.0
        self.channel: Channel | None = None
        self.waiting: dict[int, asyncio.Future[Any]] = {}

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Tells the worker something, when it is there."""
        if self.channel is not None:
            self.channel.send(message, descriptors)


class WorkerPool:
    """All workers. The first ones are forked before the loop runs, later ones start from a fresh interpreter.

    `introduce` tells a new worker everything; `on_note` gets what workers say of their own accord; `on_gone` hears of a
    worker that died before it is replaced.
    """

    def __init__(
        self,
        introduce: Callable[[Worker], None],
        on_note: Callable[[Worker, Message], None],
        on_gone: Callable[[Worker], None],
    ) -> None:
        self._introduce = introduce
        self._on_note = on_note
        self._on_gone = on_gone
        self._backoffs: dict[int, Backoff] = {}
        self._asked = 0
        self._ending = False
        self.workers: list[Worker] = []
        self.restarts = 0

    def fork_first(self, count: int, run_worker: RunWorker) -> None:
        """Forks the workers; nothing may run in this process yet that a fork would tear apart."""
        for index in range(count):
            ours, theirs = pair()
            pid = os.fork()
            if pid == 0:
                for other in self.workers:
                    other.end.close()
                ours.close()
                run_worker(theirs, index)
            theirs.close()
            self.workers.append(Worker(index, pid, ours))

    def attach(self) -> None:
        """Begins to talk to the workers; inside the running loop."""
        for worker in self.workers:
            self._attach(worker)

    def _attach(self, worker: Worker) -> None:
        worker.born = asyncio.get_running_loop().time()
        worker.channel = Channel(
            worker.end,
            lambda message, descriptors: self._on_message(worker, message),
            lambda: self._on_close(worker),
        )
        self._introduce(worker)

    def send(self, message: Message) -> None:
        """Tells all workers something."""
        for worker in self.workers:
            worker.send(message)

    async def ask(self, question: str) -> list[tuple[int, Any]]:
        """(index, answer) of every worker that answers in time."""
        answers = [(worker.index, self._ask(worker, question)) for worker in self.workers if worker.channel is not None]
        if not answers:
            return []
        await asyncio.wait([future for _, future in answers], timeout=_ASK_TIMEOUT_S)
        done: list[tuple[int, Any]] = []
        for index, future in answers:
            if future.done() and not future.cancelled():
                done.append((index, future.result()))
            else:
                future.cancel()
        return done

    def _ask(self, worker: Worker, question: str) -> "asyncio.Future[Any]":
        self._asked += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        worker.waiting[self._asked] = future
        worker.send(("ask", self._asked, question))
        return future

    def _on_message(self, worker: Worker, message: Message) -> None:
        if message[0] == "answer":
            future = worker.waiting.pop(message[1], None)
            if future is not None and not future.done():
                future.set_result(message[2])
        else:
            self._on_note(worker, message)

    def _on_close(self, worker: Worker) -> None:
        worker.channel = None
        for future in worker.waiting.values():
            future.cancel()
        status = end_process(worker.pid, _EXIT_GRACE_S)
        if self._ending:
            return
        _log.error("worker %d (pid %d) died: %s; it is replaced", worker.index, worker.pid, _how(status))
        self._on_gone(worker)
        self.restarts += 1
        loop = asyncio.get_running_loop()
        backoff = self._backoffs.setdefault(worker.index, Backoff(0.2, 5.0))
        if loop.time() - worker.born > _STABLE_S:
            backoff.reset()
            self._replace(worker)
        else:
            loop.call_later(backoff.next_s(), self._replace, worker)

    def _replace(self, gone: Worker) -> None:
        if self._ending:
            return
        ours, theirs = pair()
        # A fork of a process with a running loop is not safe; a fresh interpreter is, and it takes a third of a second.
        theirs.set_inheritable(True)
        level = logging.getLevelName(logging.getLogger("tulle").getEffectiveLevel()).lower()
        module = "tulle.proxy.worker"
        arguments = [sys.executable, "-m", module, str(theirs.fileno()), str(gone.index), level]
        pid = os.posix_spawn(sys.executable, arguments, dict(os.environ))
        theirs.close()
        worker = Worker(gone.index, pid, ours)
        self.workers[gone.index] = worker
        self._attach(worker)

    def end(self) -> None:
        """Ends all workers: they get a word, and no second chance."""
        self._ending = True
        for worker in self.workers:
            worker.send(("stop",))
            if worker.channel is not None:
                worker.channel.close()
            else:
                worker.end.close()
        for worker in self.workers:
            end_process(worker.pid, _EXIT_GRACE_S)


def end_process(pid: int, grace_s: float) -> int:
    """The exit status of a child, which is killed when it does not end by itself within the grace."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return 0
    try:
        ended, _, _ = select.select([descriptor], [], [], grace_s)
        if not ended:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return 0
    finally:
        os.close(descriptor)


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"
