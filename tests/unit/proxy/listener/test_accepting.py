"""Listening sockets."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tulle.proxy.listener.accepting import ListeningSockets, close_descriptors, finish

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[uvloop.run, asyncio.run], ids=["uvloop", "asyncio"])
def run(request: pytest.FixtureRequest) -> Run:
    found: Run = request.param
    return found


class _Target:
    """Says its name to whoever connects."""

    def __init__(self, name: bytes) -> None:
        self._name = name

    def accept(self, transport: asyncio.Transport) -> None:
        transport.write(self._name)
        transport.close()


async def _ask(address: tuple[str, int] | str) -> bytes:
    if isinstance(address, str):
        reader, writer = await asyncio.open_unix_connection(address)
    else:
        reader, writer = await asyncio.open_connection(*address)
    answer = await reader.read()
    writer.close()
    return answer


def test_a_socket_that_comes_again_only_changes_who_accepts(run: Run) -> None:
    async def scenario() -> None:
        opened = socket.create_server(("127.0.0.1", 0))
        address, sockets = opened.getsockname(), ListeningSockets(asyncio.get_running_loop())
        sockets.adopt([socket.dup(opened.fileno())], _Target(b"old"), 100)
        assert await _ask(address) == b"old"
        sockets.adopt([socket.dup(opened.fileno())], _Target(b"new"), 100)
        assert await _ask(address) == b"new"
        sockets.close()
        opened.close()

    run(scenario())


def test_a_socket_that_comes_no_more_is_closed(run: Run) -> None:
    async def scenario() -> None:
        first, second = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
        addresses = [each.getsockname() for each in (first, second)]
        sockets = ListeningSockets(asyncio.get_running_loop())
        sockets.adopt([first.detach()], _Target(b"old"), 100)
        sockets.adopt([second.detach()], _Target(b"new"), 100)
        assert await _ask(addresses[1]) == b"new"
        with pytest.raises(ConnectionRefusedError):
            await _ask(addresses[0])
        sockets.close()
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await _ask(addresses[1])

    run(scenario())


def test_a_unix_socket_accepts_too(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        path = str(tmp_path / "s")
        opened = socket.socket(socket.AF_UNIX)
        opened.bind(path)
        opened.listen()
        sockets = ListeningSockets(asyncio.get_running_loop())
        sockets.adopt([opened.detach()], _Target(b"unix"), 100)
        assert await _ask(path) == b"unix"
        sockets.close()

    run(scenario())


def test_descriptors_that_nobody_wants_are_closed() -> None:
    left, right = socket.socketpair()
    close_descriptors([left.detach()])
    assert right.recv(1) == b""
    right.close()


def test_only_a_coroutine_that_does_not_wait_is_finished() -> None:
    async def quick() -> int:
        await asyncio.sleep(0)
        return 7

    async def slow() -> None:
        await asyncio.get_running_loop().create_future()

    async def scenario() -> None:
        assert finish(quick()) == 7
        with pytest.raises(RuntimeError, match="waits"):
            finish(slow())

    asyncio.run(scenario())
