"""The state file."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from tulle.agent.state import FOLDER_PREFIX, MeshState, find_mesh, forget_dead, read_state, state_home, write_state
from tulle.foundation.errors import Unreachable


@pytest.fixture(autouse=True)
def _own_home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def state(pid: int) -> MeshState:
    return MeshState(pid=pid, xds="127.0.0.1:1", admin="http://127.0.0.1:2", registrations="/tmp/x")


def test_a_written_state_is_found_while_its_process_lives() -> None:
    path = write_state("up", state(os.getpid()))
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_state("up") == find_mesh() == state(os.getpid())


def test_the_state_of_a_dead_process_is_no_state() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    write_state("up", state(ended.pid))
    assert read_state("up") is None


def test_without_a_mesh_the_error_says_how_to_start_one() -> None:
    with pytest.raises(Unreachable) as caught:
        find_mesh()
    assert "tulle demo" in caught.value.hint


def test_a_file_that_is_no_state_is_passed_over() -> None:
    state_home().mkdir(parents=True)
    (state_home() / "up.json").write_text("{")
    assert read_state("up") is None


def test_what_a_killed_mesh_left_behind_is_removed_and_that_of_a_living_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / f"{FOLDER_PREFIX}demo-1"
    folder.mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = msgspec.structs.replace(state(os.getpid()), registrations=str(folder / "registrations"))
    path = write_state("demo", left)
    forget_dead("demo")
    assert path.exists()
    assert folder.exists()

    write_state("demo", msgspec.structs.replace(left, pid=ended.pid))
    forget_dead("demo")
    assert not path.exists()
    assert not folder.exists()


def test_a_folder_that_is_not_ours_is_never_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder = tmp_path / "mine"
    folder.mkdir()
    write_state("up", msgspec.structs.replace(state(ended.pid), registrations=str(folder / "registrations")))
    forget_dead("up")
    assert folder.exists()
