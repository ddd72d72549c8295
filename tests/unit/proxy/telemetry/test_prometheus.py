"""The Prometheus page."""

from tulle.proxy.telemetry.merge import MergedStats
from tulle.proxy.telemetry.prometheus import prometheus_name, render_prometheus
from tulle.proxy.telemetry.tags import TagExtractor


def test_families_are_sorted_and_typed_and_members_stand_together() -> None:
    stats = MergedStats(
        counters={"cluster.b.upstream_rq_2xx": 1, "cluster.a.upstream_rq_5xx": 2, "cluster_manager.cluster_added": 3},
        gauges={"server.live": 1},
    )
    assert render_prometheus(stats, TagExtractor()).splitlines() == [
        "# TYPE envoy_cluster_upstream_rq_xx counter",
        'envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",envoy_cluster_name="a"} 2',
        'envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",envoy_cluster_name="b"} 1',
        "# TYPE envoy_cluster_manager_cluster_added counter",
        "envoy_cluster_manager_cluster_added{} 3",
        "# TYPE envoy_server_live gauge",
        "envoy_server_live{} 1",
    ]


def test_a_histogram_has_cumulative_buckets_a_sum_and_a_count() -> None:
    lines = render_prometheus(MergedStats(histograms={"cluster.a.upstream_rq_time": {0: 3, 1: 2}}), TagExtractor())
    assert 'envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="a",le="0.5"} 3' in lines
    assert 'envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="a",le="1"} 5' in lines
    assert 'envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="a",le="3600000"} 5' in lines
    assert 'envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="a",le="+Inf"} 5' in lines
    assert 'envoy_cluster_upstream_rq_time_sum{envoy_cluster_name="a"} 2.0952380952380953' in lines
    assert 'envoy_cluster_upstream_rq_time_count{envoy_cluster_name="a"} 5' in lines


def test_unused_stats_can_be_left_out() -> None:
    stats = MergedStats(counters={"a": 0, "b": 1}, histograms={"h": {}})
    assert render_prometheus(stats, TagExtractor(), used_only=True) == "# TYPE envoy_b counter\nenvoy_b{} 1\n"


def test_names_are_made_of_allowed_characters_and_values_are_escaped() -> None:
    assert prometheus_name("http1.a-b") == "envoy_http1_a_b"
    page = render_prometheus(MergedStats(counters={'cluster.q"x.c': 1}), TagExtractor())
    assert r'envoy_cluster_c{envoy_cluster_name="q\"x"} 1' in page
