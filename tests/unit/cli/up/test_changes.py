"""The echo of a change."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.json_server import json_server
from tulle.agent.addresses import free_port
from tulle.cli.up import changes
from tulle.cli.up.changes import (
    Change,
    Outcome,
    broken_files,
    changes_between,
    describe,
    echo_changes,
    first_difference,
    follow_outcome,
    judge,
)


def proxy(name: str, status: str = "SYNCED", sent_at: float = 10.0, answered_at: float = 10.04) -> dict[str, Any]:
    idle = {"status": "SYNCED", "error": "", "sent_at": 1.0, "answered_at": 1.0}
    routes = {"status": status, "error": "no" if status == "ERROR" else "", "sent_at": sent_at}
    return {"proxy": name, "CDS": idle, "EDS": idle, "LDS": idle, "RDS": {**routes, "answered_at": answered_at}}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [("a\nb\n", "a\nc\n", 2), ("a\n", "a\nb\n", 2), ("a\nb\n", "a\n", 1), ("", "a\n", 1), ("a\n", "a\n", 0)],
)
def test_the_first_line_that_differs_is_named(old: str, new: str, line: int) -> None:
    assert first_difference(old, new) == line


def test_a_file_that_came_changed_or_went_is_a_change(tmp_path: Path) -> None:
    kept, changed, gone = (str(tmp_path / name) for name in ("kept", "changed", "gone"))
    Path(changed).write_text("y")
    now = time.time()
    found = changes_between({kept: "a", changed: "x", gone: "z"}, {kept: "a", changed: "y"}, now)
    assert [(change.file, change.line) for change in found] == [(changed, 1), (gone, 0)]
    assert found[0].at <= now
    assert found[1].at == now


def test_only_proxies_that_were_sent_something_count_and_the_last_answer_is_the_time() -> None:
    outcome = judge([proxy("a"), proxy("b", answered_at=10.1), proxy("c", sent_at=2.0)], since=9.9)
    assert (outcome.took, outcome.refused, outcome.complete) == (2, (), True)
    assert outcome.seconds == pytest.approx(0.2)


def test_a_proxy_that_has_not_answered_keeps_the_outcome_open_and_one_that_refused_is_named() -> None:
    assert not judge([proxy("a"), proxy("b", "STALE")], 9.9).complete
    assert judge([proxy("a"), proxy("b", "ERROR")], 9.9).refused == ("b: no",)
    assert not judge([proxy("a", sent_at=1.0)], 9.9).complete


def test_the_words_say_how_many_proxies_and_how_fast() -> None:
    change = Change("reviews.yaml", 12, 0.0)
    assert describe(change, Outcome(3, seconds=0.041), False) == ("ok", "reviews.yaml:12 → 3 proxies applied in 41 ms")
    assert describe(change, Outcome(1, seconds=0.041), False)[1].endswith("1 proxy applied in 41 ms")
    assert describe(change, Outcome(3), True)[0] == "error"
    assert "b: no" in describe(change, Outcome(2, ("b: no",)), False)[1]
    assert describe(change, Outcome(0, complete=False), False)[0] == "info"
    assert describe(change, Outcome(2, complete=False), False)[0] == "warning"
    assert describe(Change("gone.yaml", 0, 0.0), Outcome(0, complete=False), False)[1].startswith("gone.yaml →")


def test_the_outcome_is_what_two_looks_agree_on() -> None:
    looks = iter([[proxy("a", sent_at=1.0)], [proxy("a")]])
    last = [proxy("a"), proxy("b")]
    with json_server(debug_syncz=lambda: next(looks, last)) as server:
        assert asyncio.run(follow_outcome(server.url, 9.9)).took == 2


def test_when_nobody_is_sent_anything_the_wait_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "QUIET_S", 0.0)
    with json_server(debug_syncz=[proxy("a", sent_at=1.0)]) as server:
        assert asyncio.run(follow_outcome(server.url, 9.9)) == Outcome(0, complete=False)


def test_without_an_answer_nothing_is_broken_and_the_wait_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PATIENCE_S", 0.1)
    url = f"http://127.0.0.1:{free_port()}"
    assert asyncio.run(broken_files(url)) == set()
    assert not asyncio.run(follow_outcome(url, 0.0)).complete


def test_each_change_is_echoed_and_a_broken_file_is_said_to_be_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "QUIET_S", 0.0)
    said: list[tuple[str, str]] = []

    async def states() -> AsyncIterator[dict[str, str]]:
        yield {"a.yaml": "x"}
        yield {"a.yaml": "x"}
        yield {"a.yaml": "y"}

    problems = [{"file": "a.yaml", "severity": "error"}, {"file": "b.yaml", "severity": "warning"}]
    with json_server(debug_syncz=[], debug_problems=problems) as server:
        asyncio.run(echo_changes(states(), server.url, lambda state, words: said.append((state, words))))
    assert said == [("error", "a.yaml:1 → not taken; the last good version stays in force")]
