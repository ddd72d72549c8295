"""Memory of a family of processes, as the kernel counts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Process

_KB_PER_MB = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """In MB (2**20).

    `pss_mb` is the sum of PSS. It shrinks when a stranger runs the same binary or library, as the kernel then counts a
    part of those pages for the stranger. `alone_mb` is what PSS would be without strangers: anonymous memory by PSS,
    which only the family shares, and each file's pages once. `private_mb` is what nobody else maps.
    """

    pss_mb: float
    alone_mb: float
    private_mb: float


def memory_of(process: Process) -> Memory:
    """The memory of the main process and all its descendants now."""
    pss = own = private = 0
    files: dict[tuple[str, str, str], int] = {}
    for pid in process.family():
        try:
            sizes = _sizes(Path(f"/proc/{pid}/smaps_rollup").read_text())
            mappings = list(_file_mappings(Path(f"/proc/{pid}/smaps").read_text()))
        except (FileNotFoundError, ProcessLookupError):
            continue
        pss += sizes["Pss"]
        own += sizes["Pss_Anon"] + sizes["Pss_Shmem"]
        private += sizes["Private_Clean"] + sizes["Private_Dirty"]
        for key, resident in mappings:
            files[key] = max(files.get(key, 0), resident)
    return Memory(pss / _KB_PER_MB, (own + sum(files.values())) / _KB_PER_MB, private / _KB_PER_MB)


def _sizes(text: str) -> dict[str, int]:
    """The sizes in kB of `smaps_rollup`, or of one mapping."""
    fields = (line.split() for line in text.splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in fields if len(words) == 3 and words[2] == "kB"}


def _file_mappings(text: str) -> Iterator[tuple[tuple[str, str, str], int]]:
    """((device, inode, offset), kB of the file's own pages that are mapped) of each mapping of a file."""
    key: tuple[str, str, str] | None = None
    resident = 0
    for line in text.splitlines():
        words = line.split()
        if not words[0].endswith(":"):  # address perms offset dev inode path
            key = (words[3], words[4], words[2]) if words[4] != "0" and not words[-1].startswith("/dev/") else None
            if key and (words[5].startswith("/memfd:") or words[-1] == "(deleted)"):
                key = None  # memory under the name of a file: PSS of shmem has it
        elif key and words[0] == "Rss:":
            resident = int(words[1])
        elif key and words[0] == "Anonymous:":
            yield key, resident - int(words[1])
