"""Processes under measurement: started on one CPU, counted, ended."""

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_TICKS = os.sysconf("SC_CLK_TCK")
_GRACE_S = 3.0


class Failure(Exception):
    """An engine cannot be measured, and why; the others go on."""


@dataclass(frozen=True, slots=True)
class Cpus:
    """Who runs where: the proxy alone on one, everything else on the other."""

    proxy: int
    load: int

    @classmethod
    def of_this_machine(cls) -> "Cpus":
        """The first and the last CPU we may use; the same one twice on a machine with one."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(allowed[0], allowed[-1])


class Process:
    """A command with its descendants; its output goes to `log`."""

    def __init__(self, command: Sequence[str], cpu: int, log: Path) -> None:
        self.log = log
        parent = os.getpid()
        libc = ctypes.CDLL(None)

        def in_child() -> None:
            os.sched_setaffinity(0, {cpu})
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                preexec_fn=in_child,  # noqa: PLW1509  one thread runs here
            )

    @property
    def pid(self) -> int:
        """The process that was started: the main one."""
        return self._popen.pid

    def check_alive(self) -> None:
        """Failure with its last words when it has ended."""
        code = self._popen.poll()
        if code is not None:
            raise Failure(f"ended with {code}: {self.last_words()}")

    def wait(self) -> int:
        """The exit code, once it has ended."""
        return self._popen.wait()

    def last_words(self) -> str:
        """The last lines of its output, as one."""
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return " / ".join(lines[-3:])[-400:] or "it said nothing"

    def family(self) -> list[int]:
        """Its process id and those of all its descendants."""
        children: dict[int, list[int]] = {}
        for entry in os.listdir("/proc"):
            fields = _stat(int(entry)) if entry.isdigit() else None
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry))
        found = [self.pid]
        for pid in found:
            found.extend(children.get(pid, ()))
        return found

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for all that is left after the grace."""
        family = self.family()
        self._popen.terminate()
        try:
            self._popen.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            for pid in family:
                if _stat(pid):
                    os.kill(pid, signal.SIGKILL)
            self._popen.wait()


def _stat(pid: int) -> list[bytes] | None:
    """The fields of /proc/PID/stat from the state on (proc(5): field 3); None when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


@dataclass(frozen=True, slots=True)
class CpuTime:
    """CPU time of a family of processes, in seconds."""

    user_s: float
    system_s: float

    @property
    def total_s(self) -> float:
        """Both."""
        return self.user_s + self.system_s

    def since(self, earlier: "CpuTime") -> "CpuTime":
        """What was used between two readings."""
        return CpuTime(self.user_s - earlier.user_s, self.system_s - earlier.system_s)


def cpu_time(process: Process) -> CpuTime:
    """CPU time of the main process, its workers and all their threads, dead and buried children included."""
    user = system = 0
    for pid in process.family():
        fields = _stat(pid)
        if fields:
            user += int(fields[11]) + int(fields[13])
            system += int(fields[12]) + int(fields[14])
    return CpuTime(user / _TICKS, system / _TICKS)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port
