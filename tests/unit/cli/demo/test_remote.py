"""Buttons from another command."""

import os

import pytest

from tests.support.json_server import json_server
from tulle.agent.state import MeshState, write_state
from tulle.cli.demo.remote import press
from tulle.foundation.errors import Unreachable, UsageError


@pytest.fixture(autouse=True)
def _own_home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def state(page: str) -> MeshState:
    return MeshState(pid=os.getpid(), xds="", admin="", registrations="", page=page)


def test_a_button_of_the_running_demo_is_pressed(capsys: pytest.CaptureFixture[str]) -> None:
    with json_server() as server:
        server.pages["/api/lesson/next"] = {"title": "Share", "state": "ok", "words": "3 proxies applied in 41 ms"}
        write_state("demo", state(server.url))
        assert press("next") == 0
        assert server.posted == ["/api/lesson/next"]
        server.pages["/api/lesson/bad"] = {"title": "Share", "state": "error", "words": "refused"}
        assert press("bad") == 1
        with pytest.raises(UsageError):
            press("unknown")
    assert "Share: 3 proxies applied in 41 ms" in capsys.readouterr().err


def test_without_a_demo_there_is_nothing_to_press() -> None:
    with pytest.raises(Unreachable, match="no demo is running"):
        press("next")
    write_state("demo", state("http://127.0.0.1:9"))
    with pytest.raises(Unreachable, match="does not answer"):
        press("next")
