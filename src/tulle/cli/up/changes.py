"""The echo of a change: which proxies took it and how fast, or that it was refused."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from tulle.cli.mesh.fetch import get_json
from tulle.foundation.errors import Unreachable

TYPES = ("CDS", "EDS", "LDS", "RDS")
QUIET_S = 0.8  # when no proxy was sent anything for this long after a change, none needed it
PATIENCE_S = 15.0
_LOOK_S = 0.05
_BELIEVED_AGE_S = 5.0  # an older time of modification is not that of this change: the file was moved here

Proxies = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not as it was; `line` is the first one that differs, 0 when the file is gone."""

    file: str
    line: int
    at: float  # seconds since the epoch

    @property
    def place(self) -> str:
        """`istio/reviews.yaml:12`."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the proxies made of a change."""

    took: int
    refused: tuple[str, ...] = ()  # `proxy: reason`
    seconds: float = 0.0
    complete: bool = True


def first_difference(old: str, new: str) -> int:
    """The number of the first line of `new` that differs; 0 when none does."""
    before, after = old.splitlines(), new.splitlines()
    for tag, _, _, start, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            return min(start + 1, max(len(after), 1))
    return 0


def changes_between(old: Mapping[str, str], new: Mapping[str, str], now: float) -> list[Change]:
    """Every file whose text differs."""
    found = []
    for file in sorted({*old, *new}):
        if old.get(file) != new.get(file):
            line = first_difference(old.get(file, ""), new[file]) if file in new else 0
            found.append(Change(file, line, _modified_at(file, now)))
    return found


def _modified_at(file: str, now: float) -> float:
    try:
        at = os.stat(file).st_mtime
    except OSError:
        return now
    return at if now - _BELIEVED_AGE_S < at <= now else now


def judge(proxies: Proxies, since: float) -> Outcome:
    """What has become of what was sent from `since` on."""
    took, waiting, last = 0, 0, since
    refused: list[str] = []
    for proxy in proxies:
        entries = [proxy[kind] for kind in TYPES if proxy[kind].get("sent_at", -1.0) >= since]
        if not entries:
            continue
        errors = [entry["error"] for entry in entries if entry["status"] == "ERROR"]
        if errors:
            refused.append(f"{proxy['proxy']}: {errors[0]}")
        elif all(entry["status"] == "SYNCED" for entry in entries):
            took += 1
            last = max(last, *(entry["answered_at"] for entry in entries))
        else:
            waiting += 1
    return Outcome(took, tuple(refused), last - since, complete=waiting == 0 and took + len(refused) > 0)


async def follow_outcome(admin_url: str, since: float) -> Outcome:
    """Asks the control plane until all proxies that were sent something have answered."""
    began = time.monotonic()
    nothing = outcome = Outcome(0, complete=False)
    while time.monotonic() - began < PATIENCE_S:
        await asyncio.sleep(_LOOK_S)
        try:
            found = await asyncio.to_thread(get_json, f"{admin_url}/debug/syncz")
        except Unreachable:
            continue
        before, outcome = outcome, judge(found if isinstance(found, list) else [], since)
        # Types are sent one after the other: only what is still so at the second look is all of it.
        if outcome == before and (outcome.complete or (outcome == nothing and time.monotonic() - began > QUIET_S)):
            return outcome
    return outcome


def describe(change: Change, outcome: Outcome, broken: bool) -> tuple[str, str]:
    """State and words for one change."""
    if broken:
        return "error", f"{change.place} → not taken; the last good version stays in force"
    if outcome.refused:
        reasons = "; ".join(outcome.refused)
        return "error", f"{change.place} → {outcome.took} proxies applied, {len(outcome.refused)} refused: {reasons}"
    if outcome.complete:
        noun = "proxy" if outcome.took == 1 else "proxies"
        return "ok", f"{change.place} → {outcome.took} {noun} applied in {outcome.seconds * 1000:.0f} ms"
    if outcome.took:
        return "warning", f"{change.place} → {outcome.took} proxies applied; others have not answered"
    return "info", f"{change.place} → no proxy needs it"


async def broken_files(admin_url: str) -> set[str]:
    """The files that have an error now."""
    try:
        found = await asyncio.to_thread(get_json, f"{admin_url}/debug/problems")
    except Unreachable:
        return set()
    items = found if isinstance(found, list) else []
    return {str(item["file"]) for item in items if item.get("severity") == "error"}


async def echo_changes(states: AsyncIterator[dict[str, str]], admin_url: str, say: Callable[[str, str], None]) -> None:
    """Says what became of each change of the files; the first state is where the mesh began."""
    old: dict[str, str] | None = None
    async for new in states:
        changes = changes_between(old, new, time.time()) if old is not None else []
        old = new
        if not changes:
            continue
        outcome = await follow_outcome(admin_url, min(change.at for change in changes))
        broken = await broken_files(admin_url)
        for change in changes:
            say(*describe(change, outcome, change.file in broken))
