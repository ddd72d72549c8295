"""The stats of several processes as one, the way Envoy's central store shows those of its threads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tulle.proxy.telemetry.stats import Snapshot

Bins = Mapping[int, int]

# Every worker is told the same facts and counts them; Envoy counts them once, on its main thread.
_SAME_EVERYWHERE = frozenset(
    {
        "assignment_stale",
        "bind_errors",
        "cx_open",
        "default.total_match_count",
        "max_host_weight",
        "membership_change",
        "membership_degraded",
        "membership_excluded",
        "membership_healthy",
        "membership_total",
        "rq_open",
        "rq_pending_open",
        "rq_retry_open",
        "update_attempt",
        "update_empty",
        "update_failure",
        "update_no_rebuild",
        "update_success",
        "version",
        "warming_state",
    }
)


@dataclass(slots=True)
class MergedStats:
    """Values by full name, of all processes together."""

    counters: dict[str, int] = field(default_factory=dict)
    gauges: dict[str, int] = field(default_factory=dict)
    histograms: dict[str, dict[int, int]] = field(default_factory=dict)

    def add(self, snapshot: Snapshot) -> None:
        """Takes the values of one more process in."""
        _add_numbers(self.counters, snapshot.counters)
        _add_numbers(self.gauges, snapshot.gauges)
        for name, bins in snapshot.histograms.items():
            add_bins(self.histograms.setdefault(name, {}), bins)
        for shape, prefixes in snapshot.shapes:
            for prefix in prefixes:
                self._add_unused(shape, prefix)

    def add_retired(self, snapshot: Snapshot) -> None:
        """Takes in what a process counted before it ended; its gauges and names are gone."""
        _add_numbers(self.counters, snapshot.counters)
        for name, bins in snapshot.histograms.items():
            add_bins(self.histograms.setdefault(name, {}), bins)

    def _add_unused(self, shape: Iterable[Iterable[str]], prefix: str) -> None:
        counters, gauges, histograms = shape
        for name in counters:
            self.counters.setdefault(prefix + name, 0)
        for name in gauges:
            self.gauges.setdefault(prefix + name, 0)
        for name in histograms:
            self.histograms.setdefault(prefix + name, {})

    def as_snapshot(self) -> Snapshot:
        """The same values in the form in which a process hands over its own."""
        return Snapshot(self.counters, self.gauges, self.histograms, [])


def _add_numbers(into: dict[str, int], values: Mapping[str, int]) -> None:
    for name, value in values.items():
        known = into.get(name)
        if known is None:
            into[name] = value
        elif name.rpartition(".")[2] in _SAME_EVERYWHERE:
            into[name] = max(known, value)
        else:
            into[name] = known + value


def add_bins(into: dict[int, int], bins: Bins) -> None:
    """Adds the samples of one histogram to another."""
    for edge, count in bins.items():
        into[edge] = into.get(edge, 0) + count


def subtract_bins(bins: Bins, earlier: Bins) -> dict[int, int]:
    """The samples that came after `earlier`."""
    return {edge: count - earlier.get(edge, 0) for edge, count in bins.items() if count > earlier.get(edge, 0)}
