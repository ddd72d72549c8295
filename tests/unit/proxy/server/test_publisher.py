"""From the inventory to the workers."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import pytest

from tulle.protos.messages import Listener
from tulle.protos.reading import parse_message
from tulle.protos.type_urls import CLUSTER, LISTENER, ROUTE
from tulle.proxy.server import publisher as publisher_module
from tulle.proxy.server.publisher import Publisher
from tulle.proxy.server.sockets import ListeningSockets


class _Worker:
    def __init__(self, index: int) -> None:
        self.index = index
        self.heard: list[tuple[Any, Sequence[int]]] = []

    def send(self, message: Any, descriptors: Sequence[int] = ()) -> None:
        self.heard.append((message, descriptors))


class _Pool:
    def __init__(self) -> None:
        self.workers = [_Worker(0), _Worker(1)]

    def send(self, message: Any) -> None:
        for worker in self.workers:
            worker.send(message)


def _publisher(sockets: ListeningSockets) -> tuple[Publisher, _Pool]:
    pool = _Pool()
    return Publisher(pool, sockets), pool  # type: ignore[arg-type]


def test_a_listener_goes_to_each_worker_with_a_socket_of_its_own() -> None:
    sockets = ListeningSockets(2)
    where = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    listener = parse_message(Listener, {"name": "l", "address": where})
    sockets.bind(listener)
    publisher, pool = _publisher(sockets)
    data = listener.SerializeToString()
    publisher.publish(LISTENER, "l", data)
    (first,), (second,) = (worker.heard for worker in pool.workers)
    assert first[0] == second[0] == ("put", LISTENER, "l", data)
    assert len(first[1]) == len(second[1]) == 1
    assert first[1] != second[1]
    assert os.fstat(first[1][0])
    sockets.close()


def test_a_cluster_is_removed_a_moment_later_unless_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "REMOVAL_GRACE_S", 0.0)

    async def run() -> None:
        publisher, pool = _publisher(ListeningSockets(2))
        publisher.publish(CLUSTER, "gone", None)
        publisher.publish(CLUSTER, "back", None)
        publisher.publish(ROUTE, "r", b"1")
        publisher.publish(CLUSTER, "back", b"2")
        assert [message for message, _ in pool.workers[0].heard] == [
            ("put", ROUTE, "r", b"1"),
            ("put", CLUSTER, "back", b"2"),
        ]
        while len(pool.workers[1].heard) < 3:
            await asyncio.sleep(0)
        assert pool.workers[1].heard[-1][0] == ("put", CLUSTER, "gone", None)

    asyncio.run(run())
