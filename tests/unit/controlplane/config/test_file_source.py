"""Files as a source."""

import asyncio
from pathlib import Path

from tulle.controlplane.config.file_source import follow_files, read_files


def test_resource_files_are_read_and_hidden_and_other_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.yaml", "sub/b.json", ".hidden.yaml", "notes.txt"):
        (tmp_path / name).write_text(name)
    assert sorted(read_files([str(tmp_path)]).values()) == ["a.yaml", "sub/b.json"]
    assert list(read_files([str(tmp_path / "a.yaml")]).values()) == ["a.yaml"]


def test_each_change_gives_the_whole_state_again(tmp_path: Path) -> None:
    async def main() -> dict[str, str]:
        (tmp_path / "a.yaml").write_text("1")
        states = follow_files([str(tmp_path)])
        assert list((await anext(states)).values()) == ["1"]
        asyncio.get_running_loop().call_later(0.3, (tmp_path / "b.yaml").write_text, "2")
        return await asyncio.wait_for(anext(states), 20)

    assert sorted(asyncio.run(main()).values()) == ["1", "2"]
