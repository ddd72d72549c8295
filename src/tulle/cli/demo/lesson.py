"""The lessons of the demo, read from the files in `lessons/`: what each applies and what must come out."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from math import sqrt

import msgspec
import yaml

USERS = ("guest", "jason")
VERSIONS = ("v1", "v2", "v3")
_SIGMAS = 3.5  # of the binomial distribution; passes in 99.95 of 100 measurements of a split that is right

_ROUTE = """\
        - destination:
            host: reviews
            subset: {version}
          weight: {weight}
"""


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One product whose reviews must come with this status, and in time."""

    product: int
    status: int
    faster_than_s: float = 60.0


class Lesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lesson; `wanted` holds for each user the share of each version of reviews in percent."""

    name: str
    title: str
    text: str
    wanted: dict[str, dict[str, float]]
    files: dict[str, str]  # name → what stands in it while the lesson is on
    good: dict[str, str] = {}  # what is in force before `files` are written
    probe: Probe | None = None
    problem: str = ""  # what the control plane must complain of


class Verdict(msgspec.Struct, frozen=True):
    """What was measured for one user, beside what was wanted."""

    user: str
    wanted: dict[str, float]
    measured: dict[str, float]
    requests: int
    near: bool


@cache
def load_lessons() -> tuple[Lesson, ...]:
    """All lessons in their order."""
    folder = files("tulle.cli.demo") / "lessons"
    found = sorted(item.name for item in folder.iterdir() if item.name.endswith(".yaml"))
    return tuple(msgspec.convert(yaml.safe_load((folder / name).read_text()), Lesson) for name in found)


def split_lesson(weights: Mapping[str, int]) -> Lesson:
    """A lesson of one's own: these shares for everybody, in percent."""
    routes = "".join(_ROUTE.format(version=version, weight=weight) for version, weight in weights.items() if weight)
    text = (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: reviews\n"
        f"spec:\n  hosts: [reviews]\n  http:\n    - route:\n{routes}"
    )
    share = {version: float(weight) for version, weight in weights.items() if weight}
    return Lesson(
        "own", "Shares of your own", "As the sliders say.", dict.fromkeys(USERS, share), {"reviews.yaml": text}
    )


def shares(found: Mapping[str, int]) -> dict[str, float]:
    """Percent of each answer."""
    total = sum(found.values())
    return {name: round(100 * count / total, 1) for name, count in sorted(found.items()) if total}


def judge(user: str, wanted: Mapping[str, float], found: Mapping[str, int]) -> Verdict:
    """Whether each share is as near as chance allows, and nothing else answered."""
    total = sum(found.values())
    near = total > 0 and set(found) <= set(wanted)
    for version, percent in wanted.items():
        part = percent / 100
        measured = found.get(version, 0) / total if total else 0.0
        near = near and abs(measured - part) <= _SIGMAS * sqrt(part * (1 - part) / max(total, 1)) + 1e-9
    return Verdict(user, dict(wanted), shares(found), total, near)


def describe_verdict(verdict: Verdict) -> str:
    """`guest wanted v1 90 % · v2 10 %, measured v1 89.3 % · v2 10.7 % (n=300)`."""
    wanted = " · ".join(f"{name} {share:g} %" for name, share in verdict.wanted.items())
    measured = " · ".join(f"{name} {share:g} %" for name, share in verdict.measured.items()) or "nothing"
    return f"{verdict.user} wanted {wanted}, measured {measured} (n={verdict.requests})"


def brief_verdict(verdict: Verdict) -> str:
    """`guest v1 89.3/90 v2 10.7/10 % (n=300)`: measured and wanted."""
    shares = " ".join(f"{name} {verdict.measured.get(name, 0.0):g}/{share:g}" for name, share in verdict.wanted.items())
    return f"{verdict.user} {shares} % (n={verdict.requests})"
