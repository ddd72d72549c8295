"""Files as a source."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tulle.controlplane.config.file_source import follow_files, read_files, require_paths
from tulle.foundation.errors import InvalidInput


def test_resource_files_are_read_and_hidden_and_other_files_are_not(tmp_path: Path) -> None:
    for folder in ("sub", ".git"):
        (tmp_path / folder).mkdir()
    for name in ("a.yaml", "sub/b.json", ".hidden.yaml", "notes.txt", ".git/c.yaml"):
        (tmp_path / name).write_text(name)
    assert sorted(read_files([str(tmp_path)]).values()) == ["a.yaml", "sub/b.json"]
    assert list(read_files([str(tmp_path / "a.yaml")]).values()) == ["a.yaml"]


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    require_paths([str(tmp_path)])
    with pytest.raises(InvalidInput, match=r"/no/such\.yaml: there is no such file"):
        require_paths([str(tmp_path), "/no/such.yaml"])


def test_a_link_to_nothing_is_left_out_and_bytes_that_are_not_utf_8_stay_visible(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "a.yaml").write_bytes(b"a: \xff")
    assert list(read_files([str(tmp_path)]).values()) == ["a: \udcff"]


def mount(folder: Path, version: str, text: str) -> None:
    """A ConfigMap's folder as the kubelet writes it: a new copy, and one link that is swapped to it."""
    copy = folder / f"..{version}"
    copy.mkdir()
    (copy / "mesh.yaml").write_text(text)
    fresh = folder / "..data_tmp"
    fresh.symlink_to(copy.name)
    fresh.replace(folder / "..data")
    if not (folder / "mesh.yaml").is_symlink():
        (folder / "mesh.yaml").symlink_to("..data/mesh.yaml")


def test_a_mounted_config_map_is_read_once(tmp_path: Path) -> None:
    mount(tmp_path, "1", "one")
    assert read_files([str(tmp_path)]) == {str(tmp_path / "mesh.yaml"): "one"}


def add(folder: Path) -> None:
    (folder / "b.yaml").write_text("new")


def add_below(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "c.yaml").write_text("new")


def save_by_rename(folder: Path) -> None:
    (folder / "a.yaml~").write_text("new")
    (folder / "a.yaml~").replace(folder / "a.yaml")


def save_by_backup(folder: Path) -> None:
    (folder / "a.yaml").rename(folder / "a.yaml.bak")
    (folder / "a.yaml").write_text("new")


def swap_link(folder: Path) -> None:
    mount(folder, "2", "new")


def make_folder_anew(folder: Path) -> None:
    shutil.rmtree(folder)
    os.mkdir(folder)
    (folder / "a.yaml").write_text("new")


def follow(paths: list[str], change: Callable[[], None]) -> None:
    """Follows until the new state is there."""

    async def main() -> None:
        states = follow_files(paths)
        await anext(states)
        asyncio.get_running_loop().call_later(0.2, change)
        async with asyncio.timeout(20):
            async for texts in states:
                if "new" in texts.values():
                    return

    asyncio.run(main())


@pytest.mark.parametrize("change", [add, add_below, save_by_rename, save_by_backup, swap_link, make_folder_anew])
def test_each_way_to_change_a_folder_is_seen(tmp_path: Path, change: Callable[[Path], None]) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    mount(folder, "1", "old")
    (folder / "a.yaml").write_text("old")
    follow([str(folder)], lambda: change(folder))


@pytest.mark.parametrize("change", [save_by_rename, save_by_backup])
def test_a_single_file_is_followed_through_its_folder(tmp_path: Path, change: Callable[[Path], None]) -> None:
    (tmp_path / "a.yaml").write_text("old")
    follow([str(tmp_path / "a.yaml")], lambda: change(tmp_path))


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "late"
    follow([str(folder)], lambda: (folder.mkdir(), add(folder))[1])
