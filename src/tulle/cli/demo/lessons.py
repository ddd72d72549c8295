"""The lessons of the demo: what each applies, whom it asks, and what must come out."""

from collections import Counter
from dataclasses import dataclass, field

from tulle.cli.demo.mesh import DemoMesh, shares
from tulle.cli.output import progress

REQUESTS = 300
TOLERANCE = 9.0  # percentage points; 300 draws at 50 % stay within it in 99.8 of 100 runs


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; `wanted` is the share of each version of reviews in percent."""

    name: str
    title: str
    weights: dict[str, int]
    wanted: dict[str, float]
    by_user: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    first: str = "v1"  # the version that shows that the rules are in force
    first_headers: dict[str, str] = field(default_factory=dict)


LESSONS: tuple[Lesson, ...] = (
    Lesson("all-v1", "Everybody gets version 1", {"v1": 100}, {"v1": 100}),
    Lesson("canary", "Give version 2 a tenth", {"v1": 90, "v2": 10}, {"v1": 90, "v2": 10}, first="v2"),
    Lesson("shift", "Share between versions 1 and 3", {"v1": 50, "v3": 50}, {"v1": 50, "v3": 50}, first="v3"),
    Lesson(
        "header",
        "Send jason to version 2, everybody else to version 3",
        {"v3": 100},
        {"v2": 100},
        by_user={"jason": "v2"},
        headers={"end-user": "jason"},
        first="v2",
        first_headers={"end-user": "jason"},
    ),
    Lesson("others", "… and everybody else gets version 3", {"v3": 100}, {"v3": 100}, {"jason": "v2"}, first="v3"),
)


def judge(lesson: Lesson, found: Counter[str]) -> bool:
    """Whether every share is near enough to what the rule says, and nothing else answered."""
    measured = shares(found)
    exact = len(lesson.wanted) == 1
    near = all(
        abs(measured.get(version, 0.0) - share) <= (0.0 if exact else TOLERANCE)
        for version, share in lesson.wanted.items()
    )
    return near and set(measured) <= set(lesson.wanted)


async def run_lesson(demo: DemoMesh, lesson: Lesson) -> dict[str, object]:
    """Applies the rules, waits until they are in force, measures, and says what came out beside what was wanted."""
    demo.apply(lesson.weights, lesson.by_user)
    try:
        seconds = await demo.wait_for(lesson.first, lesson.first_headers)
        found = await demo.measure(REQUESTS, lesson.headers)
    except TimeoutError:
        seconds, found = -1.0, Counter()
    passed = judge(lesson, found)
    measured = "  ".join(f"{name} {share} %" for name, share in shares(found).items()) or "no answer"
    wanted = "  ".join(f"{name} {share:g} %" for name, share in lesson.wanted.items())
    progress(
        "ok" if passed else "error", f"{lesson.title}: wanted {wanted}, measured {measured} (n={sum(found.values())})"
    )
    return {
        "name": lesson.name,
        "title": lesson.title,
        "wanted": lesson.wanted,
        "measured": shares(found),
        "requests": sum(found.values()),
        "in_force_after_s": round(seconds, 3),
        "passed": passed,
    }
