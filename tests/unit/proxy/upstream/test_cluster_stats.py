"""cluster.<name>.*"""

from tulle.proxy.telemetry.merge import MergedStats
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster_stats import ClusterStats, count_response, record_response_time


def _shown(store: StatsStore) -> MergedStats:
    merged = MergedStats()
    merged.add(store.snapshot())
    return merged


def test_a_cluster_has_the_107_stats_that_it_has_in_envoy() -> None:
    store = StatsStore()
    ClusterStats(store, "cluster.c.")
    shown = _shown(store)
    # Envoy 1.40: /stats of a STATIC cluster shows 80 counters, 24 gauges and 3 histograms.
    assert (len(shown.counters), len(shown.gauges), len(shown.histograms)) == (80, 24, 3)
    assert shown.gauges["cluster.c.circuit_breakers.high.rq_retry_open"] == 0
    assert shown.counters["cluster.c.default.total_match_count"] == 0


def test_a_response_is_counted_by_code_and_class_and_as_external() -> None:
    store = StatsStore()
    stats = ClusterStats(store, "cluster.c.")
    count_response(stats, 202)
    count_response(stats, 202)
    count_response(stats, 503)
    assert store.snapshot().counters == {
        "cluster.c.upstream_rq_completed": 3,
        "cluster.c.upstream_rq_2xx": 2,
        "cluster.c.upstream_rq_202": 2,
        "cluster.c.upstream_rq_5xx": 1,
        "cluster.c.upstream_rq_503": 1,
        "cluster.c.external.upstream_rq_completed": 3,
        "cluster.c.external.upstream_rq_2xx": 2,
        "cluster.c.external.upstream_rq_202": 2,
        "cluster.c.external.upstream_rq_5xx": 1,
        "cluster.c.external.upstream_rq_503": 1,
    }


def test_an_internal_request_to_a_canary_of_a_known_zone_is_counted_as_such() -> None:
    store = StatsStore()
    stats = ClusterStats(store, "cluster.c.")
    count_response(stats, 200, internal=True, canary=True, zones="za.zb")
    record_response_time(stats, 12.7, internal=True, canary=True, zones="za.zb")
    snapshot = store.snapshot()
    assert {name for name in snapshot.counters if name.endswith("200")} == {
        "cluster.c.upstream_rq_200",
        "cluster.c.internal.upstream_rq_200",
        "cluster.c.canary.upstream_rq_200",
        "cluster.c.zone.za.zb.upstream_rq_200",
    }
    assert snapshot.histograms == {
        f"cluster.c.{kind}upstream_rq_time": {12: 1} for kind in ("", "internal.", "canary.", "zone.za.zb.")
    }


def test_an_odd_status_has_no_class() -> None:
    store = StatsStore()
    count_response(ClusterStats(store, "cluster.c."), 999)
    assert "cluster.c.upstream_rq_9xx" not in store.snapshot().counters
