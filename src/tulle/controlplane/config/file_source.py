"""Files and folders as a source: the whole state at each change, so that no event can be missed."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

SUFFIXES = (".yaml", ".yml", ".json")


def read_files(paths: Sequence[str]) -> dict[str, str]:
    """The text of every resource file below `paths`; hidden files and what vanishes while it is read are left out."""
    texts: dict[str, str] = {}
    for name in paths:
        path = Path(name)
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in files:
            if file.suffix in SUFFIXES and not file.name.startswith("."):
                try:
                    texts[str(file)] = file.read_text()
                except (OSError, UnicodeDecodeError):
                    continue
    return texts


async def follow_files(paths: Sequence[str]) -> AsyncIterator[dict[str, str]]:
    """The state now, and again after each change below `paths`."""
    from watchfiles import awatch

    yield read_files(paths)
    existing = {str(path if path.is_dir() else path.parent) for path in map(Path, paths)}
    async for _ in awatch(*sorted(existing), debounce=50, step=10, recursive=True):
        yield read_files(paths)
