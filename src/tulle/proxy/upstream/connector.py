"""Opens connections to upstream hosts."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from tulle.proxy.tls.failures import Failure
from tulle.proxy.tls.upstream import Dialect
from tulle.proxy.upstream.hosts import Host

Failed = Callable[[str, bool], None]
Factory = Callable[[], asyncio.Protocol]


class Attempt:
    """One connection that is being opened."""

    __slots__ = ("_failed", "_task", "over")

    def __init__(self, failed: Failed) -> None:
        self._failed = failed
        self._task: asyncio.Task[None] | None = None
        self.over = False

    def follow(self, task: asyncio.Task[None]) -> None:
        """The task that opens it."""
        self._task = task

    def cancel(self) -> None:
        """Nobody wants the connection any more; nothing is called."""
        self.over = True
        if self._task is not None:
            self._task.cancel()

    def fail(self, reason: str, timed_out: bool) -> None:
        """Tells why there is no connection, once."""
        if not self.over:
            self.over = True
            self._failed(reason, timed_out)


class Connector:
    """Opens connections in the tasks of one group."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group

    def connect(
        self, host: Host, timeout_s: float, factory: Factory, failed: Failed, tls: Dialect | None = None
    ) -> Attempt:
        """The protocol that `factory` makes gets `connection_made`, or `failed(reason, timed_out)` is called.

        With `tls` that is when the handshake is over, and the time is for both.
        """
        attempt = Attempt(failed)
        begin = partial(_open, host, factory) if tls is None else partial(_open_tls, host, factory, tls, attempt)
        attempt.follow(self._group.create_task(_connect(begin, timeout_s, attempt), name=f"connect {host.address}"))
        return attempt


async def _open(host: Host, factory: Factory) -> None:
    loop = asyncio.get_running_loop()
    if isinstance(host.sockaddr, str):
        await loop.create_unix_connection(factory, host.sockaddr)
    else:
        await loop.create_connection(factory, host.sockaddr[0], host.sockaddr[1])


async def _open_tls(host: Host, factory: Factory, tls: Dialect, attempt: Attempt) -> None:
    done = asyncio.get_running_loop().create_future()

    def told(failure: Failure | None) -> None:
        attempt.over = attempt.over or failure is None
        if not done.done():
            done.set_result(failure)

    wrapped = tls.connect(host.hostname, factory, told)
    try:
        await _open(host, lambda: wrapped)
        failure = await done
    except BaseException:
        wrapped.abort()
        raise
    if failure is not None:
        attempt.fail(failure.reason, False)


async def _connect(begin: Callable[[], Coroutine[Any, Any, None]], timeout_s: float, attempt: Attempt) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await begin()
    except TimeoutError:
        attempt.fail("", True)
    except OSError as error:
        # Envoy: raw_buffer_socket, the words of a connect that was refused after it had been begun
        text = os.strerror(error.errno) if error.errno else str(error)
        attempt.fail(f"delayed connect error: {text}", False)
    else:
        attempt.over = True
