"""The demo as a person or a pipeline meets it: control plane, eight proxies, five services, lessons, a page."""

import json
import signal
from pathlib import Path

import pytest

from tests.support.engines import ENGINES
from tests.support.tulle_process import TulleProcess, alive, get, kill, left_behind, run_tulle, running, wait_until

BUTTON = {"x-tulle-demo": "1"}


def places(demo: TulleProcess) -> tuple[str, str]:
    """The URLs of the page and the shop."""
    err = demo.wait_for("tulle proxy-status")
    words = err.split()
    return words[words.index("Open") + 1], words[words.index("Open") + 7]


@pytest.mark.envoy
@pytest.mark.processes
@pytest.mark.parametrize("engine", ENGINES)
def test_every_lesson_passes_unattended(engine: str, tmp_path: Path) -> None:
    ended = run_tulle(tmp_path, "demo", "auto", "--engine", engine, "--json")
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert result["passed"]
    assert len(result["lessons"]) == 7
    for lesson in result["lessons"]:
        assert [share["requests"] for share in lesson["shares"]] == [300, 60]
    assert left_behind(tmp_path) == []


@pytest.mark.envoy
@pytest.mark.processes
@pytest.mark.parametrize("engine", ENGINES)
def test_a_person_opens_the_page_presses_buttons_edits_a_rule_and_ends_it_with_ctrl_c(
    engine: str, tmp_path: Path
) -> None:
    with running(tmp_path, "demo", "--engine", engine) as demo:
        page, shop = places(demo)
        assert "Tulle" in get(page)[1]
        assert get(f"{shop}/?product=2")[1].count("The Tempest") >= 2

        assert "You are <b>jason</b>" in get(shop, {"cookie": "user=jason"})[1]

        second = run_tulle(tmp_path, "demo")
        assert second.returncode == 0
        assert page in second.stdout

        moved = run_tulle(tmp_path, "demo", "next")
        assert moved.returncode == 0, moved.stderr
        assert "proxies applied in" in moved.stderr
        status, body = get(f"{page}/api/lesson/header", BUTTON, b"")
        assert (status, json.loads(body)["state"]) == (200, "ok")
        seen = get(f"{shop}/?as=json", {"end-user": "jason"})[1]
        assert json.loads(seen)["parts"]["reviews"]["version"] == "v2"

        def measured() -> bool:
            state = json.loads(get(f"{page}/api/state")[1])
            enough = all(share["requests"] >= 5 and share["near"] for share in state["shares"])
            synced = {word for proxy in state["proxies"] for word in proxy["types"].values()}
            return enough and len(state["proxies"]) == 8 and synced <= {"SYNCED", "NOT SENT"}

        wait_until(measured, "shares of the lesson")
        demo.wait_for("Version 2 for jason, version 3 for the others")

        rules = next((tmp_path / "tmp").glob("tulle-demo-*/rules")) / "reviews.yaml"
        rules.write_text(rules.read_text().replace("subset: v3", "subset: v1"))
        wait_until(lambda: '"v1"' in get(f"{shop}/?as=json")[1].partition("reviews")[2], "the edit to take effect")
        assert json.loads(get(f"{page}/api/state")[1])["edited"]

        assert json.loads(get(f"{page}/api/lesson/mistake", BUTTON, b"")[1])["state"] == "warning"
        problems = json.loads(get(f"{page}/api/state")[1])["problems"]
        assert "did you mean route" in problems[0]["message"]
        assert "> 8 |" in problems[0]["frame"]

        assert demo.interrupt() == 0
        assert get(page)[0] == 0


@pytest.mark.envoy
@pytest.mark.processes
def test_a_killed_demo_takes_its_processes_along_and_the_next_start_removes_its_files(tmp_path: Path) -> None:
    demo = TulleProcess(tmp_path, ("demo", "--engine", ENGINES[0]))
    places(demo)
    pids = demo.children()
    assert len(pids) >= 10
    kill(demo.process.pid)
    demo.process.wait()
    wait_until(lambda: not any(map(alive, pids)), "the children to end", 15.0)
    assert left_behind(tmp_path) != []
    with running(tmp_path, "demo", "--engine", ENGINES[0]) as again:
        page, _ = places(again)
        assert get(page)[0] == 200


@pytest.mark.envoy
@pytest.mark.processes
def test_a_second_ctrl_c_kills_and_still_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "demo", "--engine", ENGINES[0]) as demo:
        places(demo)
        demo.process.send_signal(signal.SIGINT)
        demo.process.send_signal(signal.SIGTERM)
        assert demo.process.wait(10) in (0, 130)
