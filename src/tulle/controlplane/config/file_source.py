"""Files and folders as a source: the whole state at each change, so that no event can be missed."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tulle.foundation.errors import FieldProblem, InvalidInput, Place

_log = logging.getLogger("tulle.config")
SUFFIXES = (".yaml", ".yml", ".json")
# Folders are looked at this often even if no event came: one that was removed and made anew is watched again.
LOOK_EVERY_MS = 1000

Stamp = tuple[int, ...]


def require_paths(paths: Sequence[str]) -> None:
    """InvalidInput for those of `paths` that do not exist."""
    absent = [path for path in paths if not Path(path).exists()]
    missing = [FieldProblem("", "there is no such file or folder", Place(path)) for path in absent]
    if missing:
        raise InvalidInput(missing)


def read_files(paths: Sequence[str]) -> dict[str, str]:
    """The text of every resource file below `paths`.

    Hidden files and folders are left out, and with them the copies behind the links of a mounted ConfigMap. Bytes
    that are not UTF-8 become surrogates, which the reader of YAML refuses with their place.
    """
    texts: dict[str, str] = {}
    for file in _look(paths).files:
        try:
            texts[file] = Path(file).read_text("utf-8", "surrogateescape")
        except FileNotFoundError:
            continue  # it vanished while we looked
        except OSError as error:
            _log.warning("%s cannot be read and counts as removed: %s", file, error.strerror)
    return texts


async def follow_files(paths: Sequence[str]) -> AsyncIterator[dict[str, str]]:
    """The state now, and again after each change below `paths`."""
    texts = read_files(paths)
    yield texts
    while True:
        async for _ in _changes(paths):
            fresh = read_files(paths)
            if fresh != texts:
                texts = fresh
                yield texts


@dataclass(frozen=True, slots=True)
class _Sight:
    """What there is below some paths, each with what tells it from a later one of the same name."""

    files: dict[str, Stamp] = field(default_factory=dict)
    folders: dict[str, Stamp] = field(default_factory=dict)

    def add(self, place: str, is_folder: bool) -> None:
        try:
            status = os.stat(place)
        except OSError:
            return
        if is_folder:
            self.folders[place] = (status.st_dev, status.st_ino)
        else:
            self.files[place] = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def _look(paths: Sequence[str]) -> _Sight:
    """The resource files, and the folders in which a change of them shows."""
    sight = _Sight()
    for path in paths:
        if os.path.isfile(path):
            # An editor puts a new file in the place of the old one, which only the folder shows.
            sight.add(os.path.dirname(path) or ".", is_folder=True)
            sight.add(path, is_folder=False)
            continue
        for place, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            sight.add(place, is_folder=True)
            for name in sorted(files):
                if name.endswith(SUFFIXES) and not name.startswith("."):
                    sight.add(os.path.join(place, name), is_folder=False)
    return sight


async def _changes(paths: Sequence[str]) -> AsyncIterator[None]:
    """Says that something may have changed; ends when the folders to watch are not those that they were."""
    from watchfiles import awatch

    before = _look(paths)
    if not before.folders:
        await asyncio.sleep(LOOK_EVERY_MS / 1000)
        yield
        return
    events = awatch(
        *before.folders,
        debounce=50,
        step=10,
        recursive=False,
        rust_timeout=LOOK_EVERY_MS,
        yield_on_timeout=True,
    )
    async for found in events:
        now = _look(paths)
        if found or now != before:
            yield
        if now.folders != before.folders:
            return
        before = now
