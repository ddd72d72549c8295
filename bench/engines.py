"""The proxies that are compared, and the upstream behind them."""

import http.client
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.configuration import envoy_file, haproxy_file, nginx_file
from bench.processes import Cpus, Failure, Process, free_port
from tulle.agent.engines import envoy_binary
from tulle.foundation.errors import UsageError

_START_LIMIT_S = 30.0
_POLL_S = 0.002
REPLY = ("tulle bench " * 8)[:96]  # what a small JSON answer weighs


@dataclass(frozen=True, slots=True)
class Engine:
    """How a proxy is configured and started; `has_admin`: it says on an admin port when it is ready."""

    name: str
    file_name: str
    write: Callable[[str, int, Mapping[str, object]], str]
    command: Callable[[Path], Sequence[str]]
    has_admin: bool


def _tulle(path: Path) -> Sequence[str]:
    options = ("--concurrency", "1", "--disable-hot-restart", "--log-level", "warning")
    return [sys.executable, "-m", "tulle", "proxy", "-c", str(path), *options]


def _envoy(path: Path) -> Sequence[str]:
    return [envoy_binary(), "-c", str(path), "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]


def _nginx(path: Path) -> Sequence[str]:
    return [_found("nginx"), "-p", str(path.parent), "-e", "stderr", "-c", str(path)]


def _haproxy(path: Path) -> Sequence[str]:
    return [_found("haproxy"), "-db", "-f", str(path)]


def _found(program: str) -> str:
    """Its path; Debian keeps daemons in a folder that the path of a plain user lacks."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/sbin")
    if path is None:
        raise Failure(f"{program} is not installed: apt-get install {program}")
    return path


ENGINES = (
    Engine("tulle", "proxy.yaml", envoy_file, _tulle, True),
    Engine("envoy", "proxy.yaml", envoy_file, _envoy, True),
    Engine("nginx", "proxy.conf", nginx_file, _nginx, False),
    Engine("haproxy", "proxy.cfg", haproxy_file, _haproxy, False),
)


@dataclass(frozen=True, slots=True)
class Upstream:
    """The static server behind every proxy."""

    process: Process
    port: int
    h2_port: int

    def port_for(self, protocol: str) -> int:
        """Where it speaks `protocol`."""
        return self.h2_port if protocol == "h2" else self.port


def start_upstream(directory: Path, cpus: Cpus) -> Upstream:
    """nginx with 96-byte replies, once it answers."""
    directory.mkdir()
    (directory / "1m").write_bytes(b"x" * 2**20)
    port, h2_port = free_port(), free_port()
    path = directory / "upstream.conf"
    path.write_text(
        nginx_file("upstream", 0, {"directory": directory, "port": port, "h2_port": h2_port, "reply": REPLY})
    )
    process = Process(_nginx(path), cpus.load, directory / "log")
    _wait_for(process, port, "/")
    return Upstream(process, port, h2_port)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a proxy is started with."""

    protocol: str
    directory: Path
    upstream: Upstream
    cpus: Cpus
    clusters: int = 0


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that is ready; `live_s`: how long that took from the exec on."""

    engine: Engine
    process: Process
    port: int
    live_s: float


def start(engine: Engine, setup: Setup, command: Callable[[Path], Sequence[str]] | None = None) -> Running:
    """Starts a proxy (by another command, if one is given); Failure when it is not ready in time."""
    setup.directory.mkdir(parents=True)
    port, admin_port = free_port(), free_port()
    path = setup.directory / engine.file_name
    values = {
        "directory": setup.directory,
        "port": port,
        "admin_port": admin_port,
        "upstream_port": setup.upstream.port_for(setup.protocol),
    }
    path.write_text(engine.write(setup.protocol, setup.clusters, values))
    try:
        words = (command or engine.command)(path)
    except UsageError as error:
        raise Failure(str(error)) from error
    began = time.perf_counter()
    process = Process(words, setup.cpus.proxy, setup.directory / "log")
    try:
        if engine.has_admin:
            _wait_for(process, admin_port, "/ready")
        elif setup.protocol == "h2":
            _wait_for(process, port, None)
        else:
            _wait_for(process, port, "/")
        return Running(engine, process, port, time.perf_counter() - began)
    except Failure:
        process.stop()
        raise


def _wait_for(process: Process, port: int, path: str | None) -> None:
    """Returns when a GET of `path` gives 200, or without a path when the port takes connections."""
    deadline = time.perf_counter() + _START_LIMIT_S
    while time.perf_counter() < deadline:
        process.check_alive()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.connect()
            if path is None or _status(connection, path) == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(_POLL_S)
    raise Failure(f"not ready after {_START_LIMIT_S:.0f} s: {process.last_words()}")


def _status(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    return connection.getresponse().status
