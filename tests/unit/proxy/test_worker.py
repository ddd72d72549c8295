"""A worker as the main process talks to it."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.unit.proxy.test_assembly import SETTINGS, cluster
from tulle.protos import type_urls
from tulle.proxy.channel import Channel, pair
from tulle.proxy.worker import Worker


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """A worker sets the collector up for itself; tests go on as they were."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.enable()


class Main:
    """The other end."""

    def __init__(self, end: Any) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.channel = Channel(end, lambda message, descriptors: self.heard.put_nowait(message), self.gone.set)
        self._asked = 0

    async def ask(self, question: str) -> Any:
        self._asked += 1
        self.channel.send(("ask", self._asked, question))
        kind, number, answer = await asyncio.wait_for(self.heard.get(), 5)
        assert (kind, number) == ("answer", self._asked)
        return answer


def talk(test: Callable[[Main], Awaitable[None]]) -> None:
    """Runs a worker for as long as the test talks to it."""

    async def run() -> None:
        ours, theirs = pair()
        main = Main(ours)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(Worker(theirs, 0, group).serve())
            await test(main)
            main.channel.send(("stop",))
            await asyncio.wait_for(serving, 5)
        main.channel.close()

    asyncio.run(run())


def test_questions_before_the_settings_have_no_answer() -> None:
    async def test(main: Main) -> None:
        assert await main.ask("ping") is None
        main.channel.send(("settings", SETTINGS))
        assert await main.ask("ping") is True

    talk(test)


def test_resources_are_taken_over_and_told_back() -> None:
    async def test(main: Main) -> None:
        main.channel.send(("settings", SETTINGS))
        main.channel.send(("put", type_urls.CLUSTER, "app", cluster().SerializeToString()))
        (described,) = await main.ask("hosts")
        assert described["name"] == "app"
        counters, gauges, _, shapes = await main.ask("stats")
        assert gauges["cluster.app.membership_total"] == 1
        assert isinstance(counters, dict)
        assert any("cluster.app." in prefixes for _, prefixes in shapes)
        main.channel.send(("put", type_urls.CLUSTER, "app", None))
        assert await main.ask("hosts") == []

    talk(test)


def test_what_cannot_be_taken_over_is_told_and_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def test(main: Main) -> None:
        main.channel.send(("settings", SETTINGS))
        main.channel.send(("put", type_urls.CLUSTER, "app", cluster().SerializeToString()))
        main.channel.send(("put", type_urls.CLUSTER, "app", b"\xff\xff"))
        kind, type_url, name, _ = await asyncio.wait_for(main.heard.get(), 5)
        assert (kind, type_url, name) == ("failed", type_urls.CLUSTER, "app")
        assert len(await main.ask("hosts")) == 1

    talk(test)


def test_counters_can_be_reset() -> None:
    async def test(main: Main) -> None:
        main.channel.send(("settings", SETTINGS))
        main.channel.send(("put", type_urls.CLUSTER, "app", cluster().SerializeToString()))
        main.channel.send(("reset_counters",))
        counters, _, _, _ = await main.ask("stats")
        assert not any(counters.values())

    talk(test)


def test_a_drain_without_connections_is_over_at_once() -> None:
    async def test(main: Main) -> None:
        main.channel.send(("settings", SETTINGS))
        main.channel.send(("drain_listeners", ["missing"], True))
        main.channel.send(("health_failed", True))
        main.channel.send(("reopen_logs",))
        main.channel.send(("drain", 5.0))
        assert await asyncio.wait_for(main.heard.get(), 5) == ("drained",)

    talk(test)


def test_commands_before_the_settings_do_nothing() -> None:
    async def test(main: Main) -> None:
        main.channel.send(("drain", 5.0))
        assert await main.ask("ping") is None

    talk(test)


def test_the_log_level_can_be_changed() -> None:
    logger = logging.getLogger("tulle")
    before = logger.level

    async def test(main: Main) -> None:
        main.channel.send(("log_level", "debug"))
        await main.ask("ping")
        assert logger.level == logging.DEBUG

    try:
        talk(test)
    finally:
        logger.setLevel(before)


def test_a_worker_ends_with_the_main_process() -> None:
    async def run() -> None:
        ours, theirs = pair()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(Worker(theirs, 0, group).serve())
            await asyncio.sleep(0)
            ours.close()
            await asyncio.wait_for(serving, 5)

    asyncio.run(run())


def test_a_worker_that_cannot_be_set_up_ends_with_the_reason() -> None:
    async def run() -> None:
        ours, theirs = pair()
        main = Main(ours)
        main.channel.send(("settings", {"concurrency": 1}))
        async with asyncio.TaskGroup() as group:
            with pytest.raises(KeyError, match="node_cluster"):
                await asyncio.wait_for(Worker(theirs, 0, group).serve(), 5)

    asyncio.run(run())
