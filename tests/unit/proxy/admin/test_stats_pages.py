"""/stats; the histogram line is one that Envoy 1.40 printed."""

import asyncio
import json

import pytest

from tests.support.fake_proxy import FakeProxy
from tulle.proxy.admin.page import BadQuery
from tulle.proxy.admin.stats_pages import number, render_prometheus_page, render_stats


def _page(**query: str) -> str:
    return asyncio.run(render_stats(FakeProxy(), query)).body


def test_text_lists_numbers_by_name_then_histograms() -> None:
    assert _page().splitlines() == [
        "cluster.a.upstream_rq_active: 1",
        "cluster.a.upstream_rq_timeout: 0",
        "cluster.a.upstream_rq_total: 5",
        "cluster.a.upstream_rq_time: P0(2.05,1.011111111111) P25(2.05,1.033333333333) P50(2.05,1.055555555556) "
        "P75(2.05,1.088888888889) P90(2.05,2.05) P95(2.05,7.05) P99(2.05,7.05) P99.5(2.05,7.05) P99.9(2.05,7.05) "
        "P100(2.05,7.05)",
        "cluster.b.upstream_rq_time: No recorded values",
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"usedonly": "", "type": "Counters"}, ["cluster.a.upstream_rq_total"]),
        ({"filter": "rq_a"}, ["cluster.a.upstream_rq_active"]),
        ({"filter": "upstream_rq_t", "invert_filter": ""}, ["cluster.a.upstream_rq_active"]),
        ({"type": "Gauges"}, ["cluster.a.upstream_rq_active"]),
        ({"type": "Histograms", "usedonly": ""}, ["cluster.a.upstream_rq_time"]),
        ({"type": "TextReadouts"}, []),
    ],
)
def test_stats_are_chosen_by_use_name_and_type(query: dict[str, str], names: list[str]) -> None:
    assert [line.partition(":")[0] for line in _page(**query).splitlines()] == names


def test_json_has_quantiles_beside_the_numbers() -> None:
    stats = json.loads(_page(format="json"))["stats"]
    assert stats[0] == {"name": "cluster.a.upstream_rq_active", "value": 1}
    histograms = stats[-1]["histograms"]
    assert histograms["supported_quantiles"] == [0, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 100]
    first, second = histograms["computed_quantiles"]
    assert first["values"][-1] == {"cumulative": 7.05, "interval": 2.05}
    assert second["values"][0] == {"cumulative": None, "interval": None}


def test_buckets_are_cumulative_or_disjoint() -> None:
    assert "B0.5(0,0) B1(0,8) B5(1,9) B10(1,10)" in _page(histogram_buckets="cumulative")
    assert "B0.5(0,0) B1(0,8) B5(1,1) B10(0,1)" in _page(histogram_buckets="disjoint")
    assert "B1.8e+06(" in _page(histogram_buckets="cumulative")


def test_prometheus_is_reached_both_ways() -> None:
    page = asyncio.run(render_prometheus_page(FakeProxy(), {})).body
    assert 'envoy_cluster_upstream_rq_total{envoy_cluster_name="a"} 5' in page
    assert _page(format="prometheus") == page


def test_inverting_nothing_is_an_error() -> None:
    with pytest.raises(BadQuery):
        _page(invert_filter="")


def test_numbers_look_as_in_cpp() -> None:
    assert [number(value) for value in (0.0, 25.0, 99.5, 1.05, float("nan"))] == ["0", "25", "99.5", "1.05", "nan"]
