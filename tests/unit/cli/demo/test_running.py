"""What the demo says; the whole is tests/integration/test_demo.py."""

import asyncio
import sys

import pytest

from tulle.cli.demo.course import Progress
from tulle.cli.demo.lesson import Verdict, load_lessons
from tulle.cli.demo.running import may_open_browser, report_shares, say_progress, say_result, say_where
from tulle.cli.up.changes import Outcome


def test_the_places_to_look_at_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    say_where("http://127.0.0.1:15090", "http://127.0.0.1:8080")
    err = capsys.readouterr().err
    assert "http://127.0.0.1:15090" in err
    assert "tulle demo next" in err


def test_a_change_and_a_result_have_their_words(capsys: pytest.CaptureFixture[str]) -> None:
    say_progress(Progress(load_lessons()[1], 1, outcome=Outcome(3, seconds=0.04)))
    share = {"user": "guest", "wanted": {"v1": 100.0}, "measured": {"v1": 50.0}, "requests": 2, "near": False}
    say_result({"passed": False, "title": "A", "in_force_after_ms": 4, "shares": [share], "failures": ["it is not so"]})
    err = capsys.readouterr().err
    assert "Give version 2 a tenth: 3 proxies applied in 40 ms" in err
    assert "guest wanted v1 100 %, measured v1 50 % (n=2)" in err
    assert "it is not so" in err


def test_measured_shares_are_printed_once_for_each_lesson(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class FakeCourse:
        progress = Progress(load_lessons()[0], 0, outcome=Outcome(0))
        asked = 0

        def edited_at(self) -> float | None:
            return None

        def verdicts(self) -> list[Verdict]:
            self.asked += 1
            return [Verdict("guest", {"v1": 100.0}, {"v1": 100.0}, 1000, True)]

    course = FakeCourse()

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(report_shares(course, 0.0))  # type: ignore[arg-type]
            while course.asked < 3:
                await asyncio.sleep(0)
            task.cancel()

    asyncio.run(main())
    assert capsys.readouterr().err.count("(n=1000)") == 1


@pytest.mark.parametrize(
    ("environment", "may"),
    [({"DISPLAY": ":0"}, True), ({"DISPLAY": ":0", "CI": "1"}, False), ({}, False)],
)
def test_a_browser_is_opened_only_where_somebody_sits(
    environment: dict[str, str], may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CI", "SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", "linux")
    assert may_open_browser() is may
