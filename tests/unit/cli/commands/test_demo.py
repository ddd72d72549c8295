"""`tulle demo`."""

import os

import pytest

from tests.support.json_server import json_server
from tulle.agent.state import MeshState, write_state
from tulle.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["demo", *arguments])
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, captured.err


@pytest.fixture(autouse=True)
def _own_home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_an_unknown_engine_is_a_usage_error_that_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "--engine", "nginx")
    assert code == 64
    assert "'tulle', 'envoy', 'mixed'" in err


def test_only_goto_takes_a_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "goto")[0] == 64
    assert run(capsys, "auto", "canary")[0] == 64


def test_buttons_need_a_running_demo(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "next")
    assert code == 69
    assert "tulle demo" in err


def test_a_second_demo_says_where_the_first_is(capsys: pytest.CaptureFixture[str]) -> None:
    with json_server() as server:
        page = f"{server.url}/page"
        server.pages["/page"] = "here"
        write_state("demo", MeshState(pid=os.getpid(), xds="", admin="", registrations="", page=page))
        code, out, _ = run(capsys)
    assert code == 0
    assert page in out
