"""Connections to upstream hosts, over loopback."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from tulle.proxy.upstream.connector import Connector
from tulle.proxy.upstream.hosts import Host


class Greeter(asyncio.Protocol):
    """Notes that it was connected."""

    def __init__(self, connected: "asyncio.Future[asyncio.Transport]") -> None:
        self.connected = connected

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.connected.set_result(transport)  # type: ignore[arg-type]


class Outcome:
    """What became of an attempt."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.connected: asyncio.Future[asyncio.Transport] = loop.create_future()
        self.failed: asyncio.Future[tuple[str, bool]] = loop.create_future()

    def fail(self, reason: str, timed_out: bool) -> None:
        self.failed.set_result((reason, timed_out))

    def protocol(self) -> Greeter:
        return Greeter(self.connected)


def attempt(address: str, check: Callable[[Outcome], object], timeout_s: float = 5.0) -> None:
    """Connects to an address and awaits what `check` makes of it."""

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            outcome = Outcome()
            Connector(group).connect(Host(address), timeout_s, outcome.protocol, outcome.fail)
            result = check(outcome)
            if asyncio.isfuture(result):
                await result
            if outcome.connected.done():
                outcome.connected.result().close()

    asyncio.run(run())


def test_a_host_that_listens_is_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        attempt(f"127.0.0.1:{server.getsockname()[1]}", lambda outcome: outcome.connected)


def test_a_unix_socket_is_connected(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        attempt(str(tmp_path / "s"), lambda outcome: outcome.connected)


def test_a_host_that_does_not_listen_tells_why(unused_port: int) -> None:
    seen: list[tuple[str, bool]] = []

    def check(outcome: Outcome) -> object:
        outcome.failed.add_done_callback(lambda future: seen.append(future.result()))
        return outcome.failed

    attempt(f"127.0.0.1:{unused_port}", check)
    assert seen == [("delayed connect error: Connection refused", False)]


def test_a_path_that_is_not_there_tells_why(tmp_path: Path) -> None:
    seen: list[tuple[str, bool]] = []

    def check(outcome: Outcome) -> object:
        outcome.failed.add_done_callback(lambda future: seen.append(future.result()))
        return outcome.failed

    attempt(str(tmp_path / "missing"), check)
    assert seen == [("delayed connect error: No such file or directory", False)]


def test_a_host_that_does_not_answer_in_time_is_told_apart() -> None:
    seen: list[tuple[str, bool]] = []

    def check(outcome: Outcome) -> object:
        outcome.failed.add_done_callback(lambda future: seen.append(future.result()))
        return outcome.failed

    with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
        attempt(f"127.0.0.1:{server.getsockname()[1]}", check, timeout_s=0.0)
    assert seen == [("", True)]


def test_a_cancelled_attempt_tells_nothing() -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            outcome = Outcome()
            with socket.create_server(("127.0.0.1", 0)) as server:
                host = Host(f"127.0.0.1:{server.getsockname()[1]}")
                Connector(group).connect(host, 5.0, outcome.protocol, outcome.fail).cancel()
        assert not outcome.connected.done()
        assert not outcome.failed.done()

    asyncio.run(run())
