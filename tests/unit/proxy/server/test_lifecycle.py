"""States and ends of the process."""

import asyncio
from typing import Any

from tulle.protos.messages import Listener
from tulle.protos.reading import parse_message
from tulle.protos.type_urls import LISTENER
from tulle.proxy.server.lifecycle import DRAINING, LIVE, Lifecycle
from tulle.proxy.server.sockets import ListeningSockets
from tulle.proxy.xds.inventory import Inventory


class _Worker:
    def __init__(self, index: int) -> None:
        self.index = index
        self.channel = object()


class _Pool:
    def __init__(self) -> None:
        self.workers = [_Worker(0), _Worker(1)]
        self.sent: list[Any] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)


def _lifecycle() -> tuple[Lifecycle, _Pool, ListeningSockets]:
    pool, sockets = _Pool(), ListeningSockets(1)
    return Lifecycle(pool, sockets, 0.0), pool, sockets  # type: ignore[arg-type]


def test_a_failed_health_check_looks_like_a_drain_only_while_live() -> None:
    async def run() -> None:
        lifecycle, _, _ = _lifecycle()
        lifecycle.health_failed = True
        assert lifecycle.state == "PRE_INITIALIZING"
        lifecycle.enter(LIVE)
        assert lifecycle.state == DRAINING
        lifecycle.health_failed = False
        assert lifecycle.state == LIVE

    asyncio.run(run())


def test_a_drain_ends_when_the_last_worker_is_drained_or_gone() -> None:
    async def run() -> None:
        lifecycle, pool, _ = _lifecycle()
        async with asyncio.TaskGroup() as group:
            draining = group.create_task(lifecycle.drain(30.0))
            await asyncio.sleep(0)
            assert (lifecycle.state, pool.sent) == (DRAINING, [("drain", 30.0)])
            lifecycle.note_drained(pool.workers[1])  # type: ignore[arg-type]
            await asyncio.sleep(0)
            assert not draining.done()
            lifecycle.note_drained(pool.workers[0])  # type: ignore[arg-type]

    asyncio.run(run())


def test_a_drain_ends_with_its_bound() -> None:
    asyncio.run(_lifecycle_drain(0.0))


async def _lifecycle_drain(bound_s: float) -> None:
    lifecycle, _, _ = _lifecycle()
    await lifecycle.drain(bound_s)


def test_the_second_signal_ends_at_once() -> None:
    async def run() -> None:
        lifecycle, _, _ = _lifecycle()
        lifecycle.on_signal()
        assert (lifecycle.stop.is_set(), lifecycle.at_once) == (True, False)
        lifecycle.on_signal()
        assert lifecycle.at_once

    asyncio.run(run())


def test_draining_listeners_can_spare_those_that_face_outwards() -> None:
    async def run() -> None:
        lifecycle, pool, sockets = _lifecycle()
        lifecycle.inventory = Inventory(lambda *what: None)
        for name, direction in (("in", "INBOUND"), ("out", "OUTBOUND")):
            where = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
            listener = parse_message(Listener, {"name": name, "address": where, "traffic_direction": direction})
            sockets.bind(listener)
            lifecycle.inventory.put_listener(listener)
        lifecycle.drain_listeners(inbound_only=True, graceful=False, skip_exit=False)
        while len(pool.sent) < 2:
            await asyncio.sleep(0)
        assert pool.sent == [("drain_listeners", ["in"], False), ("put", LISTENER, "in", None)]
        assert [place.owner for place in sockets] == ["out"]
        sockets.close()

    asyncio.run(run())
