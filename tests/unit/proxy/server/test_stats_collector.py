"""Stats of all processes together."""

import asyncio
from typing import Any

from tulle.proxy.server.stats_collector import StatsCollector, memory_bytes
from tulle.proxy.telemetry.stats import StatsStore


class _Pool:
    """Workers whose counter of requests a test sets."""

    def __init__(self, *requests: int) -> None:
        self.requests = list(requests)
        self.silent: set[int] = set()

    async def ask(self, question: str) -> list[tuple[int, Any]]:
        return [
            (index, ({"rq": count}, {"cx": 1}, {"ms": {5: count}}, [((("rq", "never"), (), ()), ["p."])]))
            for index, count in enumerate(self.requests)
            if index not in self.silent
        ]


def _collector(pool: _Pool) -> StatsCollector:
    store = StatsStore()
    store.counter("main").value = 7
    return StatsCollector(store, pool, lambda: None)  # type: ignore[arg-type]


def test_main_and_workers_are_added_and_unused_names_are_zero() -> None:
    view = asyncio.run(_collector(_Pool(2, 3)).collect())
    assert view.values.counters == {"main": 7, "rq": 5, "p.rq": 0, "p.never": 0}
    assert view.values.gauges == {"cx": 2}


def test_a_worker_that_is_gone_leaves_its_counts() -> None:
    async def run() -> None:
        pool = _Pool(2, 3)
        collector = _collector(pool)
        await collector.collect()
        collector.retire(1)
        pool.requests[1] = 1
        view = await collector.collect()
        assert view.values.counters["rq"] == 2 + 3 + 1
        assert view.values.gauges["cx"] == 2

    asyncio.run(run())


def test_a_worker_that_does_not_answer_counts_with_its_last_numbers() -> None:
    async def run() -> None:
        pool = _Pool(2, 3)
        collector = _collector(pool)
        await collector.collect()
        pool.silent.add(0)
        assert (await collector.collect()).values.counters["rq"] == 5

    asyncio.run(run())


def test_an_interval_begins_with_a_flush() -> None:
    async def run() -> None:
        pool = _Pool(2)
        collector = _collector(pool)
        await collector.flush()
        assert (await collector.collect()).intervals == {}
        pool.requests[0] = 6
        assert (await collector.collect()).intervals == {"ms": {5: 4}}

    asyncio.run(run())


def test_a_reset_also_forgets_what_dead_workers_counted() -> None:
    async def run() -> None:
        pool = _Pool(2)
        collector = _collector(pool)
        await collector.collect()
        collector.retire(0)
        pool.silent.add(0)
        await collector.reset_counters()
        assert (await collector.collect()).values.counters == {"main": 0}

    asyncio.run(run())


def test_memory_is_that_of_this_process() -> None:
    assert memory_bytes()["total_physical_bytes"] > 5_000_000
