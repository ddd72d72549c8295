"""Stats: what counting costs while requests run."""

from collections.abc import Iterator

from bench.micro.stopwatch import Step
from tulle.proxy.telemetry.stats import Counter, Gauge, Histogram, StatsGroup, StatsStore


class _Group(StatsGroup):
    upstream_rq_total: Counter
    upstream_rq_active: Gauge
    upstream_rq_time: Histogram


def steps() -> Iterator[Step]:
    """One kind of stat each, by way of its group as the hot path does."""
    group = _Group(StatsStore(), "cluster.bench.")

    def count() -> None:
        group.upstream_rq_total.value += 1

    def up_and_down() -> None:
        group.upstream_rq_active.value += 1
        group.upstream_rq_active.value -= 1

    yield Step("a counter grows", count)
    yield Step("a gauge goes up and down", up_and_down)
    yield Step("a histogram takes 7 ms", lambda: group.upstream_rq_time.record(7))
    yield Step("a histogram takes 1234 ms", lambda: group.upstream_rq_time.record(1234))
