"""Stats of several processes as one."""

from tulle.proxy.telemetry.merge import MergedStats, subtract_bins
from tulle.proxy.telemetry.stats import Shape, Snapshot


def _snapshot(**values: dict[str, int]) -> Snapshot:
    return Snapshot(values.get("counters", {}), values.get("gauges", {}), {}, [])


def test_counters_and_gauges_of_workers_are_added() -> None:
    merged = MergedStats()
    for count in (2, 3):
        merged.add(
            _snapshot(counters={"cluster.a.upstream_rq_total": count}, gauges={"cluster.a.upstream_cx_active": 1})
        )
    assert merged.counters == {"cluster.a.upstream_rq_total": 5}
    assert merged.gauges == {"cluster.a.upstream_cx_active": 2}


def test_what_every_worker_is_told_alike_is_counted_once() -> None:
    merged = MergedStats()
    for _ in range(4):
        merged.add(_snapshot(counters={"cluster.a.membership_change": 2}, gauges={"cluster.a.membership_total": 3}))
    assert merged.counters == {"cluster.a.membership_change": 2}
    assert merged.gauges == {"cluster.a.membership_total": 3}


def test_names_that_were_never_used_show_as_zero() -> None:
    merged = MergedStats()
    merged.add(Snapshot({"p.a": 1}, {}, {}, [(Shape(("a", "b"), ("g",), ("h",)), ["p."])]))
    assert (merged.counters, merged.gauges, merged.histograms) == ({"p.a": 1, "p.b": 0}, {"p.g": 0}, {"p.h": {}})


def test_a_worker_that_is_gone_leaves_its_counts_but_not_its_gauges() -> None:
    merged = MergedStats()
    merged.add_retired(Snapshot({"c": 2}, {"g": 1}, {"h": {5: 1}}, []))
    merged.add(Snapshot({"c": 1}, {"g": 1}, {"h": {5: 1, 6: 1}}, []))
    assert (merged.counters, merged.gauges, merged.histograms) == ({"c": 3}, {"g": 1}, {"h": {5: 2, 6: 1}})


def test_an_interval_holds_the_samples_that_came_since() -> None:
    assert subtract_bins({1: 3, 2: 1, 4: 2}, {1: 1, 2: 1}) == {1: 2, 4: 2}
