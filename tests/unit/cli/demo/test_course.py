"""The course of lessons."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.json_server import JsonServer, json_server
from tulle.cli.demo import course as course_module
from tulle.cli.demo.calls import Answer
from tulle.cli.demo.course import Course, Progress
from tulle.cli.demo.lesson import Lesson, Probe, load_lessons, split_lesson
from tulle.cli.demo.traffic import Request, Traffic
from tulle.cli.up import changes
from tulle.cli.up.changes import Outcome
from tulle.foundation.errors import UsageError


class FakeMesh:
    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url


class FakeDemo:
    """A mesh whose reviews answer as they are told."""

    def __init__(self, server: JsonServer, found: Mapping[str, int]) -> None:
        self.mesh = FakeMesh(server.url)
        self.found = Counter(found)
        self.edited: float | None = None
        self.written: list[Mapping[str, str]] = []
        self.answer = Answer(200, b'{"parts": {"reviews": {"status": 200, "version": "v1"}}}', {})

    def write_rules(self, files: Mapping[str, str]) -> float:
        self.written.append(files)
        return 9.9

    def edited_at(self, files: Mapping[str, str]) -> float | None:
        return self.edited

    async def measure(self, requests: int, user: str) -> Counter[str]:
        return self.found

    def ask(self, user: str, product: int) -> Answer:
        return self.answer


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "QUIET_S", 0.0)
    monkeypatch.setattr(course_module, "_SETTLE_S", 0.0)
    monkeypatch.setattr(course_module, "_PATIENCE_S", 0.0)


def make(server: JsonServer, found: Mapping[str, int] | None = None) -> tuple[Course, FakeDemo, list[Progress]]:
    demo = FakeDemo(server, found or {"v1": 100})
    told: list[Progress] = []
    return Course(demo, Traffic(lambda: 0.0), told.append), demo, told  # type: ignore[arg-type]


ONLY_V1 = {"guest": {"v1": 100.0}, "jason": {"v1": 100.0}}
PROBLEM = {"severity": "error", "message": "unknown field; did you mean route?", "file": "a", "line": 3}


def lesson(**given: Any) -> Lesson:
    return Lesson("own", "t", "t", ONLY_V1, {"reviews.yaml": "x"}, **given)


def test_lessons_are_found_by_name_number_and_direction() -> None:
    with json_server() as server:
        course, _, _ = make(server)
    names = [item.name for item in load_lessons()]
    assert course.find("canary").name == course.find("2").name == course.find("next").name == names[1]
    assert course.find("back").name == names[0]
    with pytest.raises(UsageError) as caught:
        course.find("canari")
    assert caught.value.hint == "did you mean canary?"
    with pytest.raises(UsageError):
        course.find("8")


def test_a_lesson_is_in_force_when_the_proxies_have_taken_it_and_the_last_good_rules_go_first() -> None:
    with json_server(debug_syncz=[]) as server:
        course, demo, told = make(server)
        asyncio.run(course.apply(lesson(good={"reviews.yaml": "good"})))
    assert demo.written == [{"reviews.yaml": "good"}, {"reviews.yaml": "x"}]
    assert [progress.lesson.name for progress in told] == ["own"]
    assert course.find("next").name == load_lessons()[1].name


@pytest.mark.parametrize(
    ("outcome", "problem", "words"),
    [
        (None, "", ("waiting", "the proxies have not answered yet")),
        (Outcome(2, ("a: no",)), "", ("error", "refused: a: no")),
        (Outcome(1, seconds=0.05), "", ("ok", "1 proxy applied in 50 ms")),
        (Outcome(0), "route", ("warning", "not taken; the last good version stays in force")),
        (Outcome(0), "", ("info", "no proxy needs a change")),
    ],
)
def test_the_words_say_what_the_proxies_made_of_it(outcome: Outcome, problem: str, words: tuple[str, str]) -> None:
    progress = Progress(lesson(problem=problem), 1, outcome=outcome)
    assert progress.describe() == words
    assert progress.as_dict()["state"] == words[0]


def test_a_proof_fails_for_shares_a_probe_or_a_problem_that_is_not_as_it_should_be() -> None:
    with json_server(debug_syncz=[], debug_problems=[]) as server:
        course, demo, _ = make(server)

        def failures(item: Lesson) -> list[str]:
            result = asyncio.run(course.prove(item))
            found = result["failures"]
            assert isinstance(found, list)
            assert result["passed"] is (not found)
            return found

        assert failures(lesson()) == []
        assert failures(lesson(probe=Probe(7, 200))) == []
        assert "product 7: status 200" in failures(lesson(probe=Probe(7, 500)))[0]
        assert "product 7" in failures(lesson(probe=Probe(7, 200, faster_than_s=0.0)))[0]
        assert failures(lesson(problem="did you mean route")) == ["the control plane does not say 'did you mean route'"]
        demo.found = Counter(v2=1)
        assert len(failures(lesson())) == 2
        demo.found = Counter(v1=1)
        server.pages["/debug/problems"] = [PROBLEM]
        assert failures(lesson(problem="did you mean route")) == []
        assert "nobody wanted" in failures(lesson())[0]


def test_live_verdicts_count_versions_since_the_lesson_and_leave_errors_out() -> None:
    with json_server(debug_syncz=[]) as server:
        course, demo, _ = make(server)
        asyncio.run(course.apply(split_lesson({"v1": 100})))
        since = course.progress.since
        traffic = course._traffic
        for at, version, status in ((since - 1, "v2", 200), (since + 1, "v1", 200), (since + 1, "v1", 500)):
            traffic.note(Request(at, "guest", 0, 200, status, version, False, 0.01, ""))
        guest, jason = course.verdicts()
    assert (guest.measured, guest.requests, guest.near) == ({"v1": 100.0}, 1, True)
    assert jason.requests == 0
    demo.edited = since - 10
    assert [(item.wanted, item.requests, item.near) for item in course.verdicts()] == [({}, 1, True), ({}, 0, True)]
    demo.edited = since + 10
    assert course.verdicts()[0].requests == 0
