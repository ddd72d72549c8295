"""Sampled stacks, summed up: by function, by line, by file, as a tree."""

import json
import linecache
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# Frames of these files run the loop; what they call directly is a callback of the loop.
_LOOP_FILES = ("uvloop/__init__.py", "asyncio/runners.py", "asyncio/base_events.py")
_ROOTS = ("/src/", "/site-packages/", "/lib/python3.11/", "/lib/python3.12/", "/lib/python3.13/")


class Place(NamedTuple):
    """Where a frame stands."""

    function: str
    file: str
    line: int
    first_line: int

    @property
    def short_file(self) -> str:
        """Without what is the same for all files."""
        for root in _ROOTS:
            _, found, rest = self.file.rpartition(root)
            if found:
                return rest
        return self.file

    @property
    def name(self) -> str:
        """For tables and the tree: one per function."""
        return f"{self.function}  {self.short_file}:{self.first_line}"


@dataclass(slots=True)
class Profile:
    """Samples by function and line, and the tree of calls."""

    total: int = 0
    own: Counter[str] = field(default_factory=Counter)
    inclusive: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    lines: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    paths: Counter[tuple[str, ...]] = field(default_factory=Counter)


def read_stacks(path: Path) -> list[tuple[list[Place], int]]:
    """The stacks that the sampler wrote, the innermost frame first."""
    return [([Place(*place) for place in stack], count) for stack, count in json.loads(path.read_text())]


def sum_up(stacks: Sequence[tuple[list[Place], int]]) -> Profile:
    """The sums over all stacks; frames from the loop on outwards are left out."""
    profile = Profile()
    for stack, count in stacks:
        names, owner = _inside_the_loop(stack)
        profile.total += count
        profile.own[names[0]] += count
        profile.files[owner.short_file if owner else "(event loop)"] += count
        if owner:
            profile.lines[(owner.file, owner.line, owner.name)] += count
        for name in set(names):
            profile.inclusive[name] += count
        path = tuple(reversed(names))
        for length in range(1, len(path) + 1):
            profile.paths[path[:length]] += count
    return profile


def _inside_the_loop(stack: list[Place]) -> tuple[list[str], Place | None]:
    """The names of the frames, innermost first, and the frame that owns the sample: none when it is the loop's."""
    inner: list[Place] = []
    for place in stack:
        if place.file.endswith(_LOOP_FILES):
            break
        inner.append(place)
    if not inner:
        return ["(event loop)"], None
    if len(inner) == 1 and inner[0].line == inner[0].first_line:
        return [f"(event loop and its read before) {inner[0].function}"], None
    return [place.name for place in inner], inner[0]


def tree(profile: Profile, least: float) -> Iterator[tuple[int, str, float]]:
    """(depth, name, share) of all calls with at least such a share, the greatest first."""
    children: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for path in profile.paths:
        children.setdefault(path[:-1], []).append(path)

    def walk(path: tuple[str, ...]) -> Iterator[tuple[int, str, float]]:
        for child in sorted(children.get(path, ()), key=lambda one: -profile.paths[one]):
            share = profile.paths[child] / profile.total
            if share >= least:
                yield len(child) - 1, child[-1], share
                yield from walk(child)

    yield from walk(())


def source(file: str, line: int) -> str:
    """The text of a line."""
    return linecache.getline(file, line).strip()[:90]
