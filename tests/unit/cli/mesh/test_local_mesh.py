"""The processes of a mesh."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tulle.agent.process import Command
from tulle.cli.mesh.local_mesh import CONTROL_PLANE, LocalMesh
from tulle.foundation.errors import Unreachable


def in_mesh(folder: Path, work: Callable[[LocalMesh], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            mesh = LocalMesh(folder, group, lambda name, line: None)
            try:
                await work(mesh)
            finally:
                await mesh.stop()

    asyncio.run(main())


def test_a_control_plane_comes_up_is_started_again_when_it_is_killed_and_ends_with_the_mesh(tmp_path: Path) -> None:
    async def work(mesh: LocalMesh) -> None:
        await mesh.start_control_plane([])
        (child,) = mesh.children
        first = child.pid
        assert first is not None

        os.kill(first, 9)
        while child.pid in (None, first):
            await asyncio.sleep(0.02)
        assert mesh.state(1).admin == mesh.admin_url
        await mesh.stop()
        assert child.pid is None

    in_mesh(tmp_path, work)


def test_a_control_plane_that_starts_anew_has_the_same_addresses(tmp_path: Path) -> None:
    async def work(mesh: LocalMesh) -> None:
        await mesh.start_control_plane([])
        before = mesh.state(1)
        await mesh.restart_control_plane([])
        assert mesh.state(1) == before
        assert [child.command.name for child in mesh.children] == [CONTROL_PLANE]

    in_mesh(tmp_path, work)


def test_a_control_plane_that_cannot_start_is_unreachable_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no space for me' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))

    async def work(mesh: LocalMesh) -> None:
        await mesh.start_control_plane([])

    with pytest.raises(ExceptionGroup) as caught:
        in_mesh(tmp_path, work)
    (error,) = caught.value.exceptions
    assert isinstance(error, Unreachable)
    assert "no space for me" in error.message


def test_killed_processes_do_not_get_the_chance_to_object(tmp_path: Path) -> None:
    async def work(mesh: LocalMesh) -> None:
        up = asyncio.Event()
        code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
        child = mesh.start(Command("stubborn", [sys.executable, "-c", code], log=lambda _: up.set()))
        await up.wait()
        pid = child.pid
        mesh.kill()
        while child.pid == pid:
            await asyncio.sleep(0.01)
        mesh.kill()

    in_mesh(tmp_path, work)
