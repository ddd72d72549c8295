"""The native half of a profile, by `perf`: which library, which function."""

import re
import shutil
import subprocess
from pathlib import Path

_LINE = re.compile(r"^\s*([\d.]+)%\s+(\S.*?)\s*$")
_RATE_HZ = 1999  # no divisor of a timer's rate


def record(pid: int, seconds: int, path: Path) -> "subprocess.Popen[bytes]":
    """Records where a process is, for so long."""
    # cpu-clock is there in virtual machines too, where the hardware's counters are not.
    return _perf(["record", "-q", "-F", str(_RATE_HZ), "-e", "cpu-clock", "-p", str(pid), "-o", str(path)], seconds)


def count_calls(pid: int, seconds: int, path: Path) -> "subprocess.Popen[bytes]":
    """Counts the system calls of a process, for so long."""
    return _perf(["stat", "-x", ";", "-e", "syscalls:sys_enter_*", "-p", str(pid), "-o", str(path)], seconds)


def _perf(words: list[str], seconds: int) -> "subprocess.Popen[bytes]":
    command = ["perf", *words, "--", "sleep", str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def available() -> bool:
    """Whether `perf` is installed."""
    return shutil.which("perf") is not None


def read_calls(text: str) -> list[tuple[str, int]]:
    """(system call, how often) from the output of `count_calls`, the most frequent first."""
    fields = (line.split(";") for line in text.splitlines() if "sys_enter_" in line)
    counts = [(one[2].rpartition("sys_enter_")[2], int(one[0])) for one in fields if one[0].isdigit() and one[0] != "0"]
    return sorted(counts, key=lambda one: -one[1])


def shares(path: Path, keys: str) -> list[tuple[float, str]]:
    """(percent, text) by `keys` as `perf report --sort` takes them, the greatest first."""
    command = ["perf", "report", "--stdio", "-q", "-i", str(path), "--sort", keys]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = (_LINE.match(line) for line in done.stdout.splitlines())
    return [(float(match[1]), re.sub(r"[\s-]*$", "", re.sub(r"\s+", " ", match[2]))) for match in found if match]
