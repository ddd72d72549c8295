"""Opens connections to upstream hosts."""

import asyncio
import os
from collections.abc import Callable

from tulle.proxy.upstream.hosts import Host

Failed = Callable[[str, bool], None]


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

    def connect(self, host: Host, timeout_s: float, factory: Callable[[], asyncio.Protocol], failed: Failed) -> Attempt:
        """The protocol that `factory` makes gets `connection_made`, or `failed(reason, timed_out)` is called."""
        attempt = Attempt(failed)
        attempt.follow(
            self._group.create_task(_connect(host, timeout_s, factory, attempt), name=f"connect {host.address}")
        )
        return attempt


async def _connect(host: Host, timeout_s: float, factory: Callable[[], asyncio.Protocol], attempt: Attempt) -> None:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            if isinstance(host.sockaddr, str):
                await loop.create_unix_connection(factory, host.sockaddr)
            else:
                await loop.create_connection(factory, host.sockaddr[0], host.sockaddr[1])
    except TimeoutError:
        attempt.fail("", True)
    except OSError as error:
        # Envoy: raw_buffer_socket, the words of a connect that was refused after it had been begun
        text = os.strerror(error.errno) if error.errno else str(error)
        attempt.fail(f"delayed connect error: {text}", False)
    else:
        attempt.over = True
