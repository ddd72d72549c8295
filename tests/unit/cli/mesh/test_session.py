"""The frame of a command that stays."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

import pytest

from tulle.agent.state import MeshState, read_state
from tulle.cli.mesh.session import INTERRUPTED, Session, first_failure, run_session
from tulle.foundation.errors import Unreachable


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def quiet(name: str, line: str) -> None:
    pass


def state(session: Session) -> MeshState:
    return MeshState(pid=os.getpid(), xds="", admin="", registrations=str(session.folder / "registrations"))


def test_a_session_has_a_folder_and_a_state_and_leaves_neither(tmp_path: Path) -> None:
    async def main(session: Session) -> int:
        session.publish(state(session))
        assert read_state("up") is not None
        assert session.folder.parent == tmp_path
        return 7

    assert run_session("up", quiet, main) == 7
    assert read_state("up") is None
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_signal_during_the_start_ends_it_and_one_later_is_for_the_session_to_obey() -> None:
    async def starting(session: Session) -> int:
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()
        return 0

    async def ready(session: Session) -> int:
        session.ready = True
        signal.raise_signal(signal.SIGTERM)
        await session.stop.wait()
        return 0

    assert run_session("up", quiet, starting) == INTERRUPTED
    assert run_session("up", quiet, ready) == 0


def test_work_in_the_background_ends_with_the_session_and_its_failure_ends_the_session(tmp_path: Path) -> None:
    ended = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def fail() -> None:
        raise Unreachable("gone")

    async def main(session: Session) -> int:
        session.background(for_ever())
        await asyncio.sleep(0)
        return 0

    async def failing(session: Session) -> int:
        session.background(for_ever())
        session.background(fail())
        await session.stop.wait()
        return 0

    assert run_session("up", quiet, main) == 0
    assert ended == [True]
    with pytest.raises(Unreachable, match="gone"):
        run_session("up", quiet, failing)
    assert list(tmp_path.glob("tulle-*")) == []


def test_a_state_that_cannot_be_written_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state").write_text("in the way")

    async def main(session: Session) -> int:
        session.publish(state(session))
        return 0

    assert run_session("up", quiet, main) == 0
    assert "other commands cannot find this mesh" in capsys.readouterr().err


def test_of_a_tree_of_failures_the_first_counts() -> None:
    inner = Unreachable("first")
    group = ExceptionGroup("all", [ExceptionGroup("inner", [inner, ValueError()]), ValueError()])
    assert first_failure(group) is inner
