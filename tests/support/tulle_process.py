"""`tulle` as a process of its own, with a state directory and a temporary directory that show what it leaves."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 30.0


def wait_until(condition: Callable[[], T], what: str, timeout_s: float = PATIENCE_S) -> T:
    """The first true result of `condition`, asked again and again for a while."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"waited {timeout_s:g} s in vain: {what}")


def get(url: str, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> tuple[int, str]:
    """Status and body; 0 when nothing answers."""
    request = urllib.request.Request(url, data, dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


class TulleProcess:
    """A running command; `err` and `out` are what it has printed so far."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], name: str = "tulle") -> None:
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tulle", *arguments], stdout=out, stderr=err, env=environment(folder)
            )

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def wait_for(self, words: str, count: int = 1) -> str:
        """Returns all of stderr when `words` stand in it so often."""

        def there() -> str:
            err = self.err
            assert self.process.poll() is None or err.count(words) >= count, err
            return err if err.count(words) >= count else ""

        return wait_until(there, f"{words!r} in {self.err}")

    def children(self) -> list[int]:
        """The processes below it."""
        return _below(self.process.pid)

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


def environment(folder: Path) -> dict[str, str]:
    """A clean one with its own places for files."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONUNBUFFERED": "1",
        "CI": "1",
    }


def left_behind(folder: Path) -> list[str]:
    """Files in the state and temporary directories."""
    places = [folder / "state", folder / "tmp"]
    return [str(path) for place in places if place.exists() for path in place.rglob("*") if path.is_file()]


def run_tulle(folder: Path, *arguments: str, timeout_s: float = 150) -> subprocess.CompletedProcess[str]:
    """One command from start to end."""
    return subprocess.run(
        [sys.executable, "-m", "tulle", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env=environment(folder),
    )


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[TulleProcess]:
    """A command that stays; it and all below it must be gone at the end, and no file left."""
    found = TulleProcess(folder, arguments)
    try:
        yield found
    except BaseException as error:
        error.add_note(found.err)
        raise
    finally:
        pids = found.children()
        if found.process.poll() is None:
            found.interrupt()
        wait_until(lambda: not any(map(alive, pids)), "the children to end", 10.0)
    assert left_behind(folder) == []


def alive(pid: int) -> bool:
    """Whether a process still runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def _below(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += [int(path.name), *_below(int(path.name))]
    return found


def kill(pid: int) -> None:
    """Without a word."""
    os.kill(pid, signal.SIGKILL)
