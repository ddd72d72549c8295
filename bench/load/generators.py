"""wrk and h2load: command lines, and their reports read."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Failure

_HEADERS = Path(__file__).parent / "twelve_headers.lua"
_SLACK_S = 20.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of a proxy: `streams` is meant per connection and only for HTTP/2."""

    protocol: str
    path: str = "/"
    connections: int = 64
    streams: int = 1
    twelve_headers: bool = False

    @property
    def title(self) -> str:
        """For people."""
        what = {"h1": "HTTP/1.1", "h2": "HTTP/2 → HTTP/2", "tcp": "TCP"}[self.protocol]
        notes = [f"{self.connections} connections"]
        if self.streams > 1:
            notes.append(f"{self.streams} streams each")
        if self.twelve_headers:
            notes.insert(0, "12 request headers")
        if self.path != "/":
            notes.insert(0, "1 MB replies")
        return f"{what}, {', '.join(notes)}"

    def command(self, port: int, seconds: int) -> list[str]:
        """The load generator's command line."""
        url = f"http://127.0.0.1:{port}{self.path}"
        if self.protocol == "h2":
            return ["h2load", "-t1", f"-c{self.connections}", f"-m{self.streams}", f"-D{seconds}", url]
        script = ["-s", str(_HEADERS)] if self.twelve_headers else []
        return ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", *script, url]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load generator counted."""

    requests: int
    bad: int
    seconds: float


def run(load: Load, port: int, seconds: int, cpu: int) -> Outcome:
    """Loads a port for so long from one CPU; Failure when something else than 2xx came back."""
    command = load.command(port, seconds)
    if shutil.which(command[0]) is None:
        raise Failure(f"{command[0]} is not installed: apt-get install wrk nghttp2-client")
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=seconds + _SLACK_S,
            check=False,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
        )
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{command[0]} hangs: replies are missing") from error
    outcome = read_h2load(done.stdout) if load.protocol == "h2" else read_wrk(done.stdout)
    if outcome is None or not outcome.requests:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Failure(f"no reply came: {said[-1] if said else 'the load generator says nothing'}")
    if outcome.bad:
        raise Failure(f"{outcome.bad} of {outcome.requests} requests failed")
    return outcome


_WRK_TOTAL = re.compile(r"(\d+) requests in ([\d.]+)(ms|s|m)")
_WRK_STATUS = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_WRK_SOCKET = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def read_wrk(text: str) -> Outcome | None:
    """What wrk reports; None when it is no report."""
    total = _WRK_TOTAL.search(text)
    if total is None:
        return None
    status, sockets = _WRK_STATUS.search(text), _WRK_SOCKET.search(text)
    bad = int(status[1]) if status else 0
    bad += sum(int(number) for number in sockets.groups()) if sockets else 0
    return Outcome(int(total[1]), bad, float(total[2]) * _UNITS_S[total[3]])


_H2LOAD_TIME = re.compile(r"finished in ([\d.]+)(us|ms|s|m)")
_H2LOAD_STATUS = re.compile(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx")
_H2LOAD_REQUESTS = re.compile(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout")


def read_h2load(text: str) -> Outcome | None:
    """What h2load reports; None when it is no report."""
    took, status, counts = (pattern.search(text) for pattern in (_H2LOAD_TIME, _H2LOAD_STATUS, _H2LOAD_REQUESTS))
    if took is None or status is None or counts is None:
        return None
    good, *others = (int(number) for number in status.groups())
    # A request that failed without a status is in `failed` only.
    bad = max(sum(others), int(counts[2]))
    return Outcome(good + sum(others), bad, float(took[1]) * _UNITS_S[took[2]])
