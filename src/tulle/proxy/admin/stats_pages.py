"""/stats in its formats, and /stats/prometheus."""

import json
from collections.abc import Callable, Mapping

from tulle.proxy.admin.page import JSON, Answer, BadQuery, Query, flag, name_filter
from tulle.proxy.admin.view import ProxyView, StatsView
from tulle.proxy.telemetry.merge import MergedStats
from tulle.proxy.telemetry.prometheus import render_prometheus
from tulle.proxy.telemetry.quantiles import BUCKETS, QUANTILES, counts_up_to, quantiles_of

FORMATS = ("text", "json", "prometheus")
TYPES = ("All", "Counters", "Gauges", "Histograms", "TextReadouts")
BUCKET_MODES = ("cumulative", "disjoint", "summary")

Wanted = Callable[[str], bool]
Bins = Mapping[int, int]


async def render_stats(proxy: ProxyView, query: Query) -> Answer:
    """/stats."""
    chosen_format = query.get("format", "text")
    wanted = _wanted(query)
    view = await proxy.stats()
    if chosen_format == "prometheus":
        return Answer(render_prometheus(view.values, proxy.tags, wanted, flag(query, "usedonly")))
    chosen = _choose(view, wanted, query)
    if chosen_format == "json":
        return Answer(_json(chosen), content_type=JSON)
    return Answer(_text(chosen, query.get("histogram_buckets", "summary")))


async def render_prometheus_page(proxy: ProxyView, query: Query) -> Answer:
    """/stats/prometheus."""
    view = await proxy.stats()
    return Answer(render_prometheus(view.values, proxy.tags, _wanted(query), flag(query, "usedonly")))


def _wanted(query: Query) -> Wanted:
    matches = name_filter(query.get("filter"))
    if "invert_filter" in query:
        if "filter" not in query:
            raise BadQuery("invert_filter wants a filter")
        return lambda name: not matches(name)
    return matches


def _choose(view: StatsView, wanted: Wanted, query: Query) -> StatsView:
    """The stats of the wanted names, types and use."""
    kind = query.get("type", "All")
    used_only = flag(query, "usedonly")

    def pick(values: Mapping[str, int], name: str) -> dict[str, int]:
        if kind not in ("All", name):
            return {}
        return {stat: value for stat, value in values.items() if (value or not used_only) and wanted(stat)}

    histograms = view.values.histograms if kind in ("All", "Histograms") else {}
    return StatsView(
        MergedStats(
            pick(view.values.counters, "Counters"),
            pick(view.values.gauges, "Gauges"),
            {stat: bins for stat, bins in histograms.items() if (bins or not used_only) and wanted(stat)},
        ),
        view.intervals,
    )


def _text(view: StatsView, buckets: str) -> str:
    numbers = {**view.values.counters, **view.values.gauges}
    lines = [f"{name}: {numbers[name]}" for name in sorted(numbers)]
    for name in sorted(view.values.histograms):
        bins = view.values.histograms[name]
        lines.append(f"{name}: {_histogram_text(view.intervals.get(name, {}), bins, buckets)}")
    return "\n".join(lines) + "\n" if lines else ""


def _histogram_text(interval: Bins, cumulative: Bins, buckets: str) -> str:
    """`P0(1,1.02) P25(…) …`: of the last interval, and of all time."""
    if not cumulative:
        return "No recorded values"
    if buckets != "summary":
        return _buckets_text(interval, cumulative, disjoint=buckets == "disjoint")
    recent: list[float] = quantiles_of(interval) or [float("nan")] * len(QUANTILES)
    overall = quantiles_of(cumulative)
    return " ".join(
        f"P{number(quantile * 100)}({number(left)},{number(right)})"
        for quantile, left, right in zip(QUANTILES, recent, overall, strict=True)
    )


def _buckets_text(interval: Bins, cumulative: Bins, disjoint: bool) -> str:
    recent, overall = counts_up_to(interval), counts_up_to(cumulative)
    if disjoint:
        recent, overall = _differences(recent), _differences(overall)
    return " ".join(f"B{bound:g}({left},{right})" for bound, left, right in zip(BUCKETS, recent, overall, strict=True))


def _differences(counts: list[int]) -> list[int]:
    return [count - before for count, before in zip(counts, [0, *counts], strict=False)]


def number(value: float) -> str:
    """As C++ prints a double: shortest form, whole numbers without a point."""
    if value != value:
        return "nan"
    return str(int(value)) if value == int(value) else repr(round(value, 12))


def _json(view: StatsView) -> str:
    numbers = {**view.values.counters, **view.values.gauges}
    stats: list[object] = [{"name": name, "value": numbers[name]} for name in sorted(numbers)]
    if view.values.histograms:
        stats.append(
            {
                "histograms": {
                    "supported_quantiles": [_json_number(quantile * 100) for quantile in QUANTILES],
                    "computed_quantiles": [
                        {"name": name, "values": _json_quantiles(view, name)} for name in sorted(view.values.histograms)
                    ],
                }
            }
        )
    return json.dumps({"stats": stats}, separators=(",", ":"))


def _json_quantiles(view: StatsView, name: str) -> list[dict[str, float | None]]:
    nothing: list[float | None] = [None] * len(QUANTILES)
    overall = [_json_number(value) for value in quantiles_of(view.values.histograms[name])] or nothing
    recent = [_json_number(value) for value in quantiles_of(view.intervals.get(name, {}))] or nothing
    return [{"cumulative": right, "interval": left} for left, right in zip(recent, overall, strict=True)]


def _json_number(value: float) -> float | None:
    return int(value) if value == int(value) else round(value, 12)
