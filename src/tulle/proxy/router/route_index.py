"""The routes of one virtual host, found by path without trying them all; the first in order still wins."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from tulle.proxy.headers import Headers
from tulle.proxy.router.conditions import Condition
from tulle.proxy.router.path_rules import PathRule
from tulle.proxy.telemetry.stream_info import StreamInfo

R = TypeVar("R")


class Entry(Generic[R]):
    """A route with what it asks for."""

    __slots__ = ("conditions", "route", "rule")

    def __init__(self, rule: PathRule, conditions: Sequence[Condition], route: R) -> None:
        self.rule = rule
        own = () if rule.condition is None else (rule.condition,)
        self.conditions = (*conditions, *own)
        self.route = route


class _Candidate(Generic[R]):
    """An entry as one place of the index sees it: what is still to be asked when a path led there."""

    __slots__ = ("certain", "conditions", "fits", "order", "route")

    def __init__(self, order: int, entry: Entry[R], fits: Callable[[bytes], bool] | None) -> None:
        self.order = order
        self.route = entry.route
        self.fits = fits
        self.conditions = entry.conditions
        self.certain = fits is None and not self.conditions

    def holds(self, path: bytes, headers: Headers, info: StreamInfo, random_value: int) -> bool:
        """Whether the rest holds too."""
        if self.fits is not None and not self.fits(path):
            return False
        # A generator would cost as much as a condition.
        for condition in self.conditions:  # noqa: SIM110
            if not condition.holds(headers, info, random_value):
                return False
        return True


class _Node(Generic[R]):
    """A prefix that some route asks for, and every route that a path beginning with it may take."""

    __slots__ = ("candidates", "key", "parent")

    def __init__(self, key: bytes, parent: "_Node[R] | None", candidates: tuple[_Candidate[R], ...]) -> None:
        self.key = key
        self.parent = parent
        self.candidates = candidates


class RouteIndex(Generic[R]):
    """Whole paths in a dict, prefixes in a sorted list; each place holds its candidates in the order of the routes.

    The prefixes that a path begins with are the longest of them and the prefixes of that one. So a node's candidates
    are known when the index is built: its own and its parent's, cut off behind the first that asks for nothing more.
    A regular expression stands at the text that all its matches begin with. In an index that holds a folded rule all
    keys are lower case, and rules that heed case look again at the path.
    """

    __slots__ = ("_exact", "_folded", "_keys", "_nodes", "_pathless", "first_certain_prefix")

    def __init__(self, entries: Sequence[Entry[R]]) -> None:
        self._folded = any(entry.rule.folded for entry in entries)
        exact: dict[bytes, list[_Candidate[R]]] = {}
        prefixes: dict[bytes, list[_Candidate[R]]] = {b"": []}
        for order, entry in enumerate(entries):
            self._place(order, entry, exact, prefixes)
        self._nodes = _build_nodes(prefixes)
        self._keys = [node.key for node in self._nodes]
        self._exact = {key: _cut([*candidates, *self._node_of(key).candidates]) for key, candidates in exact.items()}
        self._pathless = tuple(
            _Candidate(order, entry, None) for order, entry in enumerate(entries) if entry.rule.pathless
        )
        first = entries[0] if entries else None
        certain = first is not None and not (first.conditions or first.rule.folded or first.rule.test)
        self.first_certain_prefix = first.rule.prefix if first is not None and certain else None

    def _place(
        self,
        order: int,
        entry: Entry[R],
        exact: dict[bytes, list[_Candidate[R]]],
        prefixes: dict[bytes, list[_Candidate[R]]],
    ) -> None:
        rule = entry.rule
        fold = self._folded and not rule.folded
        candidate = _Candidate(order, entry, rule.test or (rule.fits if fold else None))
        if rule.exact is not None:
            exact.setdefault(rule.exact.lower() if fold else rule.exact, []).append(candidate)
        if rule.prefix is not None:
            prefixes.setdefault(rule.prefix.lower() if fold else rule.prefix, []).append(candidate)

    def _node_of(self, key: bytes) -> _Node[R]:
        # Whatever lies between a path and its longest prefix in the sorted list begins with that prefix too.
        node = self._nodes[bisect_right(self._keys, key) - 1]
        while node.parent is not None and not key.startswith(node.key):
            node = node.parent
        return node

    def find(self, path: bytes | None, headers: Headers, info: StreamInfo, random_value: int) -> R | None:
        """The first route whose rule and conditions hold; `path` has no query, None stands for a request without."""
        if path is None:
            return self._find_pathless(headers, info, random_value)
        key = path.lower() if self._folded else path
        candidates = self._exact.get(key)
        if candidates is None:
            # The same as _node_of, without the call.
            node = self._nodes[bisect_right(self._keys, key) - 1]
            while node.parent is not None and not key.startswith(node.key):
                node = node.parent
            candidates = node.candidates
        for candidate in candidates:
            if candidate.certain or candidate.holds(path, headers, info, random_value):
                return candidate.route
        return None

    def _find_pathless(self, headers: Headers, info: StreamInfo, random_value: int) -> R | None:
        for candidate in self._pathless:
            if candidate.holds(b"", headers, info, random_value):
                return candidate.route
        return None


def _build_nodes(prefixes: dict[bytes, list[_Candidate[R]]]) -> list[_Node[R]]:
    """A node for each prefix, sorted; parents come before what they are prefixes of."""
    nodes: list[_Node[R]] = []
    parent: _Node[R] | None = None
    for key in sorted(prefixes):
        while parent is not None and not key.startswith(parent.key):
            parent = parent.parent
        inherited = parent.candidates if parent is not None else ()
        node = _Node(key, parent, _cut([*inherited, *prefixes[key]]))
        nodes.append(node)
        parent = node
    return nodes


def _cut(candidates: Iterable[_Candidate[R]]) -> tuple[_Candidate[R], ...]:
    """In the order of the routes, without those behind the first that is certain."""
    kept: list[_Candidate[R]] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.order):
        kept.append(candidate)
        if candidate.certain:
            break
    return tuple(kept)
