"""Counters, gauges and histograms under Envoy's names, and the store that a process keeps of them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar


class Counter:
    """Only grows; hot code writes `counter.value += 1`."""

    __slots__ = ("name", "value")

    def __init__(self, name: str) -> None:
        self.name = name
        self.value = 0


class Gauge:
    """A level; hot code writes `gauge.value += 1` and `-= 1`."""

    __slots__ = ("name", "value")

    def __init__(self, name: str) -> None:
        self.name = name
        self.value = 0


class Histogram:
    """How often which value was met, in bins of two significant digits, as circllhist's are.

    `bins` maps the lower edge of a bin to the number of its samples. What is recorded is a whole number, milliseconds
    as a rule; a fraction is cut off, as Envoy's clock does.
    """

    __slots__ = ("bins", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.bins: dict[int, int] = {}

    def record(self, value: float) -> None:
        """Counts one sample."""
        edge = int(value)
        if edge > 99:
            edge = bin_edge(edge)
        bins = self.bins
        if edge in bins:
            bins[edge] += 1
        else:
            bins[edge] = 1


def bin_edge(value: int) -> int:
    """The lower edge of the bin that holds `value`: its first two digits, then zeros."""
    scale = 1
    while value > 99:
        value //= 10
        scale *= 10
    return value * scale


class Shape(NamedTuple):
    """The names of a kind of group, by the kind of stat."""

    counters: tuple[str, ...]
    gauges: tuple[str, ...]
    histograms: tuple[str, ...]


class StatsGroup:
    """Stats that belong together under one prefix, which ends with a dot: those of a cluster, a listener …

    A subclass names them by annotations alone:

        class ClusterStats(StatsGroup):
            upstream_rq_total: Counter
            upstream_rq_active: Gauge
            upstream_rq_time: Histogram

    A stat is made when it is first used, so a thousand idle clusters cost little; the store knows the names all the
    same and shows those that were never used as zero.
    """

    SHAPE: ClassVar[Shape] = Shape((), (), ())
    _KINDS: ClassVar[Mapping[str, type[Counter] | type[Gauge] | type[Histogram]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        kinds = {name: kind for name, kind in cls.__annotations__.items() if kind in (Counter, Gauge, Histogram)}
        cls._KINDS = {**cls._KINDS, **kinds}
        cls.SHAPE = Shape(
            tuple(name for name, kind in cls._KINDS.items() if kind is Counter),
            tuple(name for name, kind in cls._KINDS.items() if kind is Gauge),
            tuple(name for name, kind in cls._KINDS.items() if kind is Histogram),
        )

    def __init__(self, store: "StatsStore", prefix: str) -> None:
        self.prefix = prefix
        self.store = store
        store.groups[(prefix, type(self).__name__)] = self

    if not TYPE_CHECKING:  # typed code sees the annotations only, so a misspelt stat is found by mypy

        def __getattr__(self, name):
            kind = self._KINDS.get(name)
            if kind is None:
                raise AttributeError(f"{type(self).__name__} has no stat {name!r}")
            stat = self.store.get(kind, self.prefix + name)
            setattr(self, name, stat)
            return stat

    def close(self) -> None:
        """Takes the stats of this group, and all others under its prefix, out of the store.

        What begins alike but belongs to another group of this kind stays: `cluster.a.` is not `cluster.a.b.`.
        """
        kind = type(self).__name__
        others = [prefix for prefix, name in self.store.groups if name == kind and prefix != self.prefix]
        self.store.forget(self.prefix, tuple(prefix for prefix in others if prefix.startswith(self.prefix)))


class Snapshot(NamedTuple):
    """All stats of one process at one moment, in plain values that `marshal` can write.

    `shapes`: which names exist under which prefixes, used or not.
    """

    counters: dict[str, int]
    gauges: dict[str, int]
    histograms: dict[str, dict[int, int]]
    shapes: list[tuple[Shape, list[str]]]


AnyStat = TypeVar("AnyStat", Counter, Gauge, Histogram)


class StatsStore:
    """Every stat of a process by its full name; asking for a name twice gives the same object."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str], StatsGroup] = {}
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        self._by_kind: dict[type[Any], dict[str, Any]] = {
            Counter: self._counters,
            Gauge: self._gauges,
            Histogram: self._histograms,
        }

    def get(self, kind: type[AnyStat], name: str) -> AnyStat:
        """The stat of this kind with this full name."""
        known: dict[str, AnyStat] = self._by_kind[kind]
        stat = known.get(name)
        if stat is None:
            stat = known[name] = kind(name)
        return stat

    def counter(self, name: str) -> Counter:
        """The counter with this full name."""
        return self.get(Counter, name)

    def gauge(self, name: str) -> Gauge:
        """The gauge with this full name."""
        return self.get(Gauge, name)

    def histogram(self, name: str) -> Histogram:
        """The histogram with this full name."""
        return self.get(Histogram, name)

    def forget(self, prefix: str, but: tuple[str, ...] = ()) -> None:
        """Drops everything whose name begins with `prefix`, and with none of `but`: what is no longer configured."""

        def goes(name: str) -> bool:
            return name.startswith(prefix) and not name.startswith(but)

        for known in self._by_kind.values():
            for name in [name for name in known if goes(name)]:
                del known[name]
        for key in [key for key in self.groups if goes(key[0])]:
            del self.groups[key]

    def reset_counters(self) -> None:
        """Sets every counter to zero."""
        for counter in self._counters.values():
            counter.value = 0

    def snapshot(self) -> Snapshot:
        """The values now."""
        prefixes: dict[Shape, list[str]] = {}
        for group in self.groups.values():
            prefixes.setdefault(group.SHAPE, []).append(group.prefix)
        return Snapshot(
            _values(self._counters.values()),
            _values(self._gauges.values()),
            {histogram.name: dict(histogram.bins) for histogram in self._histograms.values()},
            list(prefixes.items()),
        )


def _values(stats: Iterable[Counter] | Iterable[Gauge]) -> dict[str, int]:
    return {stat.name: stat.value for stat in stats}
