"""The last good version of every resource, and the problems of the files that are broken now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tulle.api.loading import load_text
from tulle.api.problems import CODES, Problem
from tulle.api.resource import Resource


@dataclass(frozen=True, slots=True)
class ConfigState:
    """All resources in force; `version` grows with every change."""

    version: int = 0
    resources: tuple[Resource[Any], ...] = ()
    _by_kind: dict[str, tuple[Resource[Any], ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_kind: dict[str, list[Resource[Any]]] = {}
        for resource in self.resources:
            by_kind.setdefault(resource.kind, []).append(resource)
        object.__setattr__(self, "_by_kind", {kind: tuple(found) for kind, found in by_kind.items()})

    def of_kind(self, kind: str) -> tuple[Resource[Any], ...]:
        """The resources of one kind, in the order of their keys."""
        return self._by_kind.get(kind, ())

    def kinds_that_differ(self, other: "ConfigState") -> frozenset[str]:
        """The kinds whose resources are not the same in both."""
        kinds = self._by_kind.keys() | other._by_kind.keys()
        return frozenset(kind for kind in kinds if self.of_kind(kind) != other.of_kind(kind))


class Store:
    """Takes the whole text of every file at each change; a file that is broken keeps its last good resources."""

    def __init__(self) -> None:
        self.state = ConfigState()
        self._texts: dict[str, str] = {}
        self._good: dict[str, tuple[Resource[Any], ...]] = {}
        self._problems: dict[str, tuple[Problem, ...]] = {}
        self._clashes: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files as they are now."""
        found = [problem for file in sorted(self._problems) for problem in self._problems[file]]
        return (*found, *self._clashes)

    def text_of(self, file: str) -> str:
        """The text that problems of this file speak of."""
        return self._texts.get(file, "")

    def broken_files(self) -> tuple[str, ...]:
        """The files whose old content is still in force."""
        return tuple(
            file for file, found in sorted(self._problems.items()) if any(item.severity == "error" for item in found)
        )

    def replace(self, texts: Mapping[str, str]) -> bool:
        """Takes the files as they are now; says whether the resources in force have changed."""
        for file in set(self._texts) - set(texts):
            for known in (self._texts, self._good, self._problems):
                known.pop(file, None)
        for file, text in texts.items():
            if self._texts.get(file) != text:
                self._texts[file] = text
                self._read(file, text)
        resources = self._merge()
        if resources == self.state.resources:
            return False
        self.state = ConfigState(self.state.version + 1, resources)
        return True

    def _read(self, file: str, text: str) -> None:
        result = load_text(text, file)
        self._problems[file] = result.problems
        if not result.broken:
            self._good[file] = result.resources
            return
        # Objects that are fine take effect; those that are broken, or not there at all, keep their last good version.
        fresh = {resource.key: resource for resource in result.resources}
        old = {resource.key: resource for resource in self._good.get(file, ())}
        self._good[file] = tuple({**old, **fresh}.values())

    def _merge(self) -> tuple[Resource[Any], ...]:
        """One object per key; of two files with the same object the first by name wins, and both are told."""
        found: dict[str, Resource[Any]] = {}
        clashes: list[Problem] = []
        for file in sorted(self._good):
            for resource in self._good[file]:
                first = found.setdefault(resource.key, resource)
                if first is not resource and first != resource:
                    message = f"stands in {first.file} too, which wins"
                    place = resource.place_of(("metadata", "name"))
                    severity = CODES["TUL0006"][0]
                    clashes.append(Problem("TUL0006", severity, resource.key, "metadata.name", message, place))
        self._clashes = tuple(clashes)
        return tuple(found[key] for key in sorted(found))


def state_of(resources: Iterable[Resource[Any]]) -> ConfigState:
    """A state with these resources, for tools and tests that have no files."""
    return ConfigState(1, tuple(sorted(resources, key=lambda resource: resource.key)))
