"""The processes of a mesh."""

import asyncio
import os
from pathlib import Path

from tulle.api.loading import load_text
from tulle.cli.mesh.local_mesh import LocalMesh, write_resources


def test_resources_are_written_at_once_and_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    write_resources(path, [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {}}])
    assert [item.key for item in load_text(path.read_text(), "a").resources] == ["Service/default/a"]
    assert [item.name for item in tmp_path.iterdir()] == ["a.yaml"]


def test_a_control_plane_comes_up_is_started_again_when_it_is_killed_and_ends_with_the_mesh(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            mesh = LocalMesh(tmp_path, group, log=lambda _: None)
            await mesh.start_control_plane([])
            child = mesh.control_plane
            assert child is not None
            first = child.pid
            assert first is not None

            os.kill(first, 9)
            while child.pid in (None, first):
                await asyncio.sleep(0.02)
            assert mesh.state(1).admin == mesh.admin_url
            await mesh.stop()
            assert child.pid is None

    asyncio.run(main())
