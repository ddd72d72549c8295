"""Stats and their store."""

import marshal

import pytest

from tulle.proxy.telemetry.stats import Counter, Gauge, Histogram, StatsGroup, StatsStore


class _ClusterStats(StatsGroup):
    upstream_rq_total: Counter
    upstream_rq_active: Gauge
    upstream_rq_time: Histogram


def test_asking_twice_for_a_name_gives_the_same_counter() -> None:
    store = StatsStore()
    store.counter("a.b").value += 1
    store.counter("a.b").value += 1
    assert store.snapshot().counters == {"a.b": 2}


def test_a_group_makes_a_stat_only_when_it_is_used_but_tells_all_its_names() -> None:
    store = StatsStore()
    stats = _ClusterStats(store, "cluster.a.")
    _ClusterStats(store, "cluster.b.")
    stats.upstream_rq_total.value += 3
    snapshot = store.snapshot()
    assert snapshot.counters == {"cluster.a.upstream_rq_total": 3}
    assert snapshot.shapes == [
        ((("upstream_rq_total",), ("upstream_rq_active",), ("upstream_rq_time",)), ["cluster.a.", "cluster.b."])
    ]


def test_a_group_has_no_stat_that_it_did_not_name() -> None:
    with pytest.raises(AttributeError, match="upstream_rq_totl"):
        _ = _ClusterStats(StatsStore(), "cluster.a.").upstream_rq_totl  # type: ignore[attr-defined]


def test_a_closed_group_takes_its_stats_out_of_the_store() -> None:
    store = StatsStore()
    stats = _ClusterStats(store, "cluster.a.")
    stats.upstream_rq_total.value += 1
    store.counter("cluster.ab.upstream_rq_total").value += 1
    stats.close()
    snapshot = store.snapshot()
    assert snapshot.counters == {"cluster.ab.upstream_rq_total": 1}
    assert snapshot.shapes == []


def test_a_histogram_keeps_two_significant_digits_and_cuts_fractions_off() -> None:
    histogram = Histogram("h")
    for value in (0, 0.9, 7, 99, 100, 109, 110, 12345):
        histogram.record(value)
    assert histogram.bins == {0: 2, 7: 1, 99: 1, 100: 2, 110: 1, 12000: 1}


def test_a_snapshot_can_be_marshalled() -> None:
    store = StatsStore()
    _ClusterStats(store, "cluster.a.").upstream_rq_time.record(5)
    plain = [*store.snapshot()[:3], [(tuple(shape), prefixes) for shape, prefixes in store.snapshot().shapes]]
    assert marshal.loads(marshal.dumps(plain)) == plain


def test_resetting_sets_counters_to_zero_and_leaves_gauges() -> None:
    store = StatsStore()
    store.counter("c").value = 4
    store.gauge("g").value = 4
    store.reset_counters()
    assert (store.counter("c").value, store.gauge("g").value) == (0, 4)


def test_a_group_that_ends_leaves_those_whose_prefix_begins_like_its_own() -> None:
    store = StatsStore()
    one, other = _ClusterStats(store, "cluster.example.com."), _ClusterStats(store, "cluster.example.com.au.")
    one.upstream_rq_total.value = other.upstream_rq_total.value = 1
    store.counter("cluster.example.com.upstream_rq_200").value = 1
    one.close()
    snapshot = store.snapshot()
    assert snapshot.counters == {"cluster.example.com.au.upstream_rq_total": 1}
    assert [prefixes for _, prefixes in snapshot.shapes] == [["cluster.example.com.au."]]
