"""Stats in Prometheus' text format, under the names and labels that Envoy gives them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from tulle.proxy.telemetry.merge import MergedStats
from tulle.proxy.telemetry.quantiles import BUCKETS, counts_up_to, sum_of
from tulle.proxy.telemetry.tags import TagExtractor, Tags

_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_]")


def render_prometheus(
    stats: MergedStats, tags: TagExtractor, wanted: Callable[[str], bool] = lambda name: True, used_only: bool = False
) -> str:
    """The page that a Prometheus server scrapes; `wanted` decides by the full name."""
    lines: list[str] = []
    for kind, values in (("counter", stats.counters), ("gauge", stats.gauges)):
        chosen = {name: value for name, value in values.items() if (value or not used_only) and wanted(name)}
        for family, members in _families(chosen, tags):
            lines.append(f"# TYPE {family} {kind}")
            lines.extend(f"{family}{{{_labels(labels)}}} {chosen[name]}" for name, labels in members)
    chosen_histograms = {
        name: bins for name, bins in stats.histograms.items() if (bins or not used_only) and wanted(name)
    }
    for family, members in _families(chosen_histograms, tags):
        lines.append(f"# TYPE {family} histogram")
        for name, labels in members:
            lines.extend(_histogram(family, _labels(labels), chosen_histograms[name]))
    return "\n".join(lines) + "\n" if lines else ""


def prometheus_name(name: str) -> str:
    """`cluster.upstream_rq_total` → `envoy_cluster_upstream_rq_total`."""
    return "envoy_" + _NOT_ALLOWED.sub("_", name)


def _families(names: Iterable[str], tags: TagExtractor) -> Iterator[tuple[str, list[tuple[str, Tags]]]]:
    """Family by family, sorted, with the full names and tags of its members."""
    families: dict[str, list[tuple[str, Tags]]] = {}
    for name in names:
        short, labels = tags.extract(name)
        families.setdefault(short, []).append((name, labels))
    for short in sorted(families):
        yield prometheus_name(short), sorted(families[short])


def _labels(labels: Tags) -> str:
    return ",".join(f'{_NOT_ALLOWED.sub("_", tag)}="{_escaped(value)}"' for tag, value in labels)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _histogram(family: str, labels: str, bins: Mapping[int, int]) -> Iterator[str]:
    prefix = f"{labels}," if labels else ""
    total = sum(bins.values())
    for bound, count in zip(BUCKETS, counts_up_to(bins), strict=True):
        yield f'{family}_bucket{{{prefix}le="{bound:.32g}"}} {count}'
    yield f'{family}_bucket{{{prefix}le="+Inf"}} {total}'
    yield f"{family}_sum{{{labels}}} {sum_of(bins):.32g}"
    yield f"{family}_count{{{labels}}} {total}"
