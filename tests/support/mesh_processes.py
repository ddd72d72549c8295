"""A control plane and proxies as processes of their own, and small applications, for tests on loopback."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

from tulle.agent.bootstrap import ProxySettings, render_bootstrap
from tulle.agent.engines import proxy_command

T = TypeVar("T")
PATIENCE_S = 20.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait_until(condition: Callable[[], T], what: str, patience_s: float = PATIENCE_S) -> T:
    """The first true result of `condition`, asked again and again for a while."""
    deadline = time.monotonic() + patience_s
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"waited {patience_s:g} s in vain: {what}"
        time.sleep(0.005)


def get(url: str) -> str:
    """The body of an answer."""
    with _DIRECT.open(url, timeout=PATIENCE_S) as response:
        return str(response.read().decode())


class Running:
    """A process and its output."""

    def __init__(self, folder: Path, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._log = (folder / f"{name}.log").open("w+")
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL)

    def log(self) -> str:
        """What it printed so far."""
        return Path(self._log.name).read_text()

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ends it politely; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
            self._log.close()


class ControlPlaneProcess(Running):
    """`tulle control-plane` over `folder/config`, ready."""

    def __init__(self, folder: Path, xds_port: int, admin_port: int) -> None:
        self.config = folder / "config"
        self.config.mkdir(exist_ok=True)
        self.xds = ("127.0.0.1", xds_port)
        self.admin = f"http://127.0.0.1:{admin_port}"
        ports = ["--xds-address", f"127.0.0.1:{xds_port}", "--admin-address", f"127.0.0.1:{admin_port}"]
        arguments = ["-m", "tulle", "control-plane", "--config", str(self.config), *ports]
        super().__init__(folder, "control-plane", [sys.executable, *arguments])
        wait_until(self._ready, "the control plane is ready")

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.log()
        with contextlib.suppress(OSError):
            return get(f"{self.admin}/ready") == "ready\n"
        return False

    def page(self, name: str) -> Any:
        """A page of /debug."""
        return json.loads(get(f"{self.admin}/debug/{name}"))

    def write(self, name: str, text: str) -> None:
        """Saves a file as an editor does: at once."""
        fresh = self.config / f".{name}.fresh"
        fresh.write_text(text)
        fresh.replace(self.config / name)

    def apply(self, name: str, text: str) -> None:
        """Saves a file that changes the configuration, and waits until every proxy has taken what it means."""
        before = self.page("pushz")["version"]
        self.write(name, text)
        wait_until(lambda: self.page("pushz")["version"] != before, f"{name} is pushed")
        self.wait_for_sync()

    def wait_for_sync(self, proxies: int = 0) -> None:
        """Returns when so many proxies are connected and all have taken the context in force."""

        def synced() -> bool:
            version, found = self.page("pushz")["version"], self.page("syncz")
            words = {item[kind]["status"] for item in found for kind in ("CDS", "EDS", "LDS", "RDS")}
            return (
                len(found) >= proxies
                and all(item["context"] == version and item["CDS"]["status"] == "SYNCED" for item in found)
                and words <= {"SYNCED", "NOT SENT"}
            )

        try:
            wait_until(synced, "all proxies are in sync")
        except AssertionError:
            print(json.dumps(self.page("syncz"), indent=1), file=sys.stderr)
            raise


class MeshProxy(Running):
    """A proxy of either engine, connected to a control plane."""

    def __init__(
        self, folder: Path, engine: str, settings: ProxySettings, metadata: Mapping[str, str] | None = None
    ) -> None:
        self.settings = settings
        bootstrap = render_bootstrap(settings)
        bootstrap["node"]["metadata"].update(metadata or {})  # type: ignore[index]
        where = folder / settings.name
        where.mkdir()
        (where / "bootstrap.json").write_text(json.dumps(bootstrap))
        self._admin_file = where / "admin"
        super().__init__(folder, settings.name, proxy_command(engine, where / "bootstrap.json", self._admin_file, 1))
        self.admin = f"http://{wait_until(self._admin, f'{settings.name} is up')}"

    def _admin(self) -> str:
        assert self.process.poll() is None, self.log()
        return self._admin_file.read_text().strip() if self._admin_file.exists() else ""

    def wait_until_live(self) -> None:
        """Returns when it has its first configuration."""

        def live() -> bool:
            assert self.process.poll() is None, self.log()
            with contextlib.suppress(OSError):
                return "LIVE" in get(f"{self.admin}/ready")
            return False

        wait_until(live, f"{self.name} is live")

    def stats(self, pattern: str) -> dict[str, int]:
        """The counters and gauges whose names match."""
        lines = get(f"{self.admin}/stats?filter={pattern}").splitlines()
        pairs = (line.rpartition(": ") for line in lines if line.rpartition(": ")[2].isdigit())
        return {name: int(value) for name, _, value in pairs}


class _Reflect(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment: a proxy would wait for the second one
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {key.lower(): value for key, value in self.headers.items()}
        name = self.server.tulle_name  # type: ignore[attr-defined]
        body = json.dumps({"app": name, "path": self.path, "headers": headers}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def applications(names: Sequence[str]) -> Iterator[dict[str, int]]:
    """HTTP/1.1 servers that answer with their name and what they saw; name → port."""
    with contextlib.ExitStack() as stack:
        ports = {}
        for name in names:
            server = ThreadingHTTPServer(("127.0.0.1", 0), _Reflect)
            server.daemon_threads = True
            server.tulle_name = name  # type: ignore[attr-defined]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            ports[name] = int(server.server_address[1])
        yield ports


class Caller:
    """Requests to one address over a connection that stays open."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)

    def ask(self, authority: str, path: str = "/", **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and what the application saw; the latter is empty when no application answered."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path, headers={"host": authority, **named})
        response = self._connection.getresponse()
        body = response.read()
        return response.status, json.loads(body) if body.startswith(b"{") else {}

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
