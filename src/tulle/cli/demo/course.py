"""The course of the demo: which lesson is on, what came of it, and the proof of each lesson for `auto`."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from tulle.cli.demo.lesson import USERS, Lesson, Verdict, describe_verdict, judge, load_lessons, shares
from tulle.cli.demo.mesh import DemoMesh
from tulle.cli.demo.traffic import Traffic, read_answer
from tulle.cli.mesh.fetch import get_json
from tulle.cli.up.changes import Outcome, follow_outcome
from tulle.foundation.errors import Unreachable, UsageError
from tulle.foundation.yaml import did_you_mean

REQUESTS = {"guest": 300, "jason": 60}
_SETTLE_S = 0.15  # from a proxy's word that it took a route table until all its workers have it
_PATIENCE_S = 5.0
_IN_FORCE_S = 0.5  # from saving a file by hand until its rules hold, generously


@dataclass(slots=True)
class Progress:
    """The lesson that is on, and how it came into force."""

    lesson: Lesson
    number: int  # of the change, so that a page sees that there was one
    since: float = field(default_factory=time.time)  # requests from then on count
    outcome: Outcome | None = None  # None: the proxies have not answered yet

    def describe(self) -> tuple[str, str]:
        """State and words for what the proxies made of it."""
        outcome = self.outcome
        if outcome is None:
            return "waiting", "the proxies have not answered yet"
        if outcome.refused:
            return "error", f"refused: {'; '.join(outcome.refused)}"
        if outcome.took:
            noun = "proxy" if outcome.took == 1 else "proxies"
            return "ok", f"{outcome.took} {noun} applied in {outcome.seconds * 1000:.0f} ms"
        if self.lesson.problem:
            return "warning", "not taken; the last good version stays in force"
        return "info", "no proxy needs a change"

    def as_dict(self) -> dict[str, object]:
        """For the page and for other commands."""
        state, words = self.describe()
        return {
            "lesson": self.lesson.name,
            "title": self.lesson.title,
            "number": self.number,
            "state": state,
            "words": words,
        }


class Course:
    """Applies lessons, one at a time."""

    def __init__(self, demo: DemoMesh, traffic: Traffic, tell: Callable[[Progress], None]) -> None:
        self._demo = demo
        self._traffic = traffic
        self._tell = tell
        self._turn = asyncio.Lock()
        self.lessons = load_lessons()
        self.progress = Progress(self.lessons[0], 0, outcome=Outcome(0))

    def find(self, name: str) -> Lesson:
        """A lesson by its name, its number, or the word next or back; UsageError for anything else."""
        names = [lesson.name for lesson in self.lessons]
        here = names.index(self.progress.lesson.name) if self.progress.lesson.name in names else 0
        steps = {"next": min(here + 1, len(names) - 1), "back": max(here - 1, 0)}
        if name in steps:
            return self.lessons[steps[name]]
        if name.isdecimal() and 0 < int(name) <= len(names):
            return self.lessons[int(name) - 1]
        if name in names:
            return self.lessons[names.index(name)]
        close = did_you_mean(name, names)
        hint = f"did you mean {close}?" if close else f"the lessons are {', '.join(names)}"
        raise UsageError(f"there is no lesson {name!r}", hint)

    async def apply(self, lesson: Lesson) -> Progress:
        """Writes the rules of a lesson and waits until the proxies have taken them."""
        async with self._turn:
            number = self.progress.number + 1
            if lesson.good:
                await self._write(lesson.good)
            self.progress = Progress(lesson, number)
            outcome = await self._write(lesson.files)
            self.progress.since = time.time()
            self.progress.outcome = outcome
            self._tell(self.progress)
            return self.progress

    async def _write(self, files: dict[str, str]) -> Outcome:
        outcome = await follow_outcome(self._demo.mesh.admin_url, self._demo.write_rules(files))
        await asyncio.sleep(_SETTLE_S)
        return outcome

    def verdicts(self) -> list[Verdict]:
        """What the load generator has measured since the rules came into force, beside what the lesson wants.

        Of rules that somebody has edited by hand nobody knows what they want.
        """
        progress = self.progress
        edited_at = self.edited_at()
        if edited_at is not None:
            since = max(progress.since, edited_at + _IN_FORCE_S)
            counts = {user: self._clean_answers(user, since) for user in progress.lesson.wanted}
            return [Verdict(user, {}, shares(found), sum(found.values()), True) for user, found in counts.items()]
        return [
            judge(user, wanted, self._clean_answers(user, progress.since))
            for user, wanted in progress.lesson.wanted.items()
        ]

    def edited_at(self) -> float | None:
        """When the rules were edited by hand, if they were."""
        return self._demo.edited_at(self.progress.lesson.files)

    def _clean_answers(self, user: str, since: float) -> dict[str, int]:
        """Without errors: the shares are those of the versions, and errors are shown on their own."""
        found = self._traffic.answers(user, since)
        return {name: count for name, count in found.items() if not name.startswith("status")}

    async def prove(self, lesson: Lesson) -> dict[str, object]:
        """Applies a lesson, asks many times, and says what came out beside what was wanted."""
        progress = await self.apply(lesson)
        outcome = progress.outcome or Outcome(0)
        verdicts = [judge(user, lesson.wanted[user], await self._demo.measure(REQUESTS[user], user)) for user in USERS]
        failures = [f"{describe_verdict(item)}" for item in verdicts if not item.near]
        failures += [f"refused: {reason}" for reason in outcome.refused]
        failures += await self._failed_probe(lesson)
        failures += await self._missing_problem(lesson)
        return {
            "name": lesson.name,
            "title": lesson.title,
            "shares": msgspec.to_builtins(verdicts),
            "proxies": outcome.took,
            "in_force_after_ms": round(outcome.seconds * 1000),
            "failures": failures,
            "passed": not failures,
        }

    async def _failed_probe(self, lesson: Lesson) -> list[str]:
        probe = lesson.probe
        if probe is None:
            return []
        began = time.monotonic()
        answer = await asyncio.to_thread(self._demo.ask, "guest", probe.product)
        seconds = time.monotonic() - began
        status = read_answer(answer, 0.0, "guest", probe.product, seconds).reviews_status
        if status == probe.status and seconds < probe.faster_than_s:
            return []
        return [f"product {probe.product}: status {status} after {seconds:.2f} s"]

    async def _missing_problem(self, lesson: Lesson) -> list[str]:
        deadline = time.monotonic() + (_PATIENCE_S if lesson.problem else 0.0)
        while True:
            problems = await self.problems()
            texts = [str(item.get("message")) for item in problems]
            if not lesson.problem:
                return [f"a problem that nobody wanted: {text}" for text in texts]
            if any(lesson.problem in text and item.get("line") for text, item in zip(texts, problems, strict=True)):
                return []
            if time.monotonic() > deadline:
                return [f"the control plane does not say {lesson.problem!r}"]
            await asyncio.sleep(0.05)

    async def problems(self) -> list[dict[str, object]]:
        """The errors that the control plane sees in the rules now."""
        try:
            found = await asyncio.to_thread(get_json, f"{self._demo.mesh.admin_url}/debug/problems")
        except Unreachable:
            return []
        items = found if isinstance(found, list) else []
        return [item for item in items if isinstance(item, dict) and item.get("severity") == "error"]
