"""Connections to upstream hosts, over loopback."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.certificates import authority, identity
from tulle.protos.messages import UpstreamTlsContext
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.tls.contexts import Certificate, Recipe, make_context
from tulle.proxy.tls.upstream import Dialect, build_upstream_tls
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


def attempt(
    address: str, check: Callable[[Outcome], object], timeout_s: float = 5.0, tls: Dialect | None = None
) -> None:
    """Connects to an address and awaits what `check` makes of it."""

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            outcome = Outcome()
            Connector(group).connect(Host(address), timeout_s, outcome.protocol, outcome.fail, tls)
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


def dialect(issuer: str = "root") -> Dialect:
    proto = UpstreamTlsContext(sni="server.example.com")
    proto.common_tls_context.validation_context.trusted_ca.inline_bytes = authority(issuer).pem
    return build_upstream_tls(proto.SerializeToString(), "cluster.a.", StatsStore()).dialect("h2")


@contextmanager
def tls_server(alpn: tuple[str, ...] = ()) -> Iterator[str]:
    """Answers one handshake after the other; its address."""
    found = identity("server", "server.example.com")
    context = make_context(Recipe(True, (Certificate(found.chain_pem, found.key_pem),), alpn=alpn))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as connection:
                connection.recv(100)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_with_tls_a_connection_is_there_when_the_handshake_is_over() -> None:
    seen: list[str | None] = []

    def check(outcome: Outcome) -> object:
        def note(future: "asyncio.Future[asyncio.Transport]") -> None:
            seen.append(future.result().get_extra_info("ssl_object").selected_alpn_protocol())

        outcome.connected.add_done_callback(note)
        return outcome.connected

    with tls_server(("http/1.1", "h2")) as address:
        attempt(address, check, tls=dialect())
    assert seen == ["h2"]


def test_a_handshake_that_fails_tells_why() -> None:
    seen: list[tuple[str, bool]] = []

    def check(outcome: Outcome) -> object:
        outcome.failed.add_done_callback(lambda future: seen.append(future.result()))
        return outcome.failed

    with tls_server() as address:
        attempt(address, check, tls=dialect("other"))
    ((reason, timed_out),) = seen
    assert "unable to get local issuer certificate" in reason
    assert not timed_out


def test_the_time_to_connect_is_for_the_handshake_too() -> None:
    seen: list[tuple[str, bool]] = []

    def check(outcome: Outcome) -> object:
        outcome.failed.add_done_callback(lambda future: seen.append(future.result()))
        return outcome.failed

    with socket.create_server(("127.0.0.1", 0)) as silent:
        attempt(f"127.0.0.1:{silent.getsockname()[1]}", check, timeout_s=0.05, tls=dialect())
    assert seen == [("", True)]
