"""A connector whose attempts end as tests say."""

import asyncio
from collections.abc import Callable

from tests.support.fake_transport import FakeTransport
from tulle.proxy.tls.upstream import Dialect
from tulle.proxy.upstream.hosts import Host


class FakeAttempt:
    """One connection that somebody wants."""

    def __init__(
        self,
        host: Host,
        timeout_s: float,
        factory: Callable[[], asyncio.Protocol],
        failed: Callable[[str, bool], None],
        tls: Dialect | None = None,
    ) -> None:
        self.host = host
        self.tls = tls
        self.timeout_s = timeout_s
        self.cancelled = False
        self._factory = factory
        self._failed = failed

    def cancel(self) -> None:
        self.cancelled = True

    def succeed(self) -> FakeTransport:
        """The host takes the connection."""
        protocol = self._factory()
        transport = FakeTransport(protocol, local=("127.0.0.1", 40_000), remote=("127.0.0.1", 8080))
        protocol.connection_made(transport)
        return transport

    def fail(self, reason: str = "delayed connect error: Connection refused", timed_out: bool = False) -> None:
        """The host does not."""
        self._failed(reason, timed_out)


class FakeConnector:
    """Remembers the attempts."""

    def __init__(self) -> None:
        self.attempts: list[FakeAttempt] = []

    def connect(
        self,
        host: Host,
        timeout_s: float,
        factory: Callable[[], asyncio.Protocol],
        failed: Callable[[str, bool], None],
        tls: Dialect | None = None,
    ) -> FakeAttempt:
        attempt = FakeAttempt(host, timeout_s, factory, failed, tls)
        self.attempts.append(attempt)
        return attempt
