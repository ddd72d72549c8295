"""The proxy's processes: start, death of a worker, drain, end."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.proxy_process import (
    ProxyProcess,
    address,
    echo_upstream,
    fetch,
    http_listener,
    routes_to,
    running_proxy,
    static_cluster,
    wait_until,
)

pytestmark = pytest.mark.processes


def _bootstrap(port: int, **more: Any) -> dict[str, Any]:
    return {
        "static_resources": {
            "listeners": [http_listener("in", routes_to("app"), **more)],
            "clusters": [static_cluster("app", port)],
        }
    }


def _run(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tulle", "proxy", "-c", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def test_a_killed_worker_is_replaced_and_the_other_keeps_its_connections(tmp_path: Path) -> None:
    with (
        echo_upstream("app") as port,
        running_proxy(tmp_path, _bootstrap(port), "--concurrency", "2", "--drain-time-s", "1") as proxy,
    ):
        where = proxy.listener_address("in")
        host, _, listener_port = where.rpartition(":")
        before = proxy.workers()
        connections = [socket.create_connection((host, int(listener_port)), timeout=10) for _ in range(12)]
        for connection in connections:
            _ask(connection)
        assert proxy.stat("http.in.downstream_rq_2xx") == 12
        os.kill(before[0], signal.SIGKILL)
        alive = [connection for connection in connections if _try_to_ask(connection)]
        assert 0 < len(alive) < 12, "both workers had connections"
        wait_until(lambda: len(proxy.workers()) == 2 and before[0] not in proxy.workers(), "a new worker")
        for _ in range(20):
            assert fetch(f"http://{where}/")[0] == 200
        for connection in alive:
            _ask(connection)
        assert proxy.stat("http.in.downstream_rq_2xx") == 12 + 20 + 2 * len(alive), "what the dead one counted stays"
        assert proxy.stat("server.worker_restarts") == 1
        for connection in connections:
            connection.close()


def _ask(connection: socket.socket) -> None:
    connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        if not data:
            raise ConnectionResetError("closed")
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)


def _try_to_ask(connection: socket.socket) -> bool:
    try:
        _ask(connection)
    except OSError:
        return False
    return True


def test_workers_end_with_the_main_process(tmp_path: Path) -> None:
    proxy = ProxyProcess(tmp_path, _bootstrap(1))
    proxy.wait_until_live()
    workers = proxy.workers()
    proxy.process.kill()
    proxy.process.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the end of the workers")
    proxy.stop()


class _SlowUpstream:
    """Answers one request when it is told to."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.asked = threading.Event()
        self.go = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self.server.accept()
        with connection:
            connection.recv(65536)
            self.asked.set()
            self.go.wait(15)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")

    def close(self) -> None:
        self.go.set()
        self.thread.join()
        self.server.close()


def test_a_stop_lets_requests_finish_and_accepts_no_more(tmp_path: Path) -> None:
    upstream = _SlowUpstream()
    proxy = ProxyProcess(tmp_path, _bootstrap(upstream.port), "--drain-time-s", "10")
    try:
        proxy.wait_until_live()
        where = proxy.listener_address("in")
        host, _, port = where.rpartition(":")
        answers: list[tuple[int, str, dict[str, str]]] = []
        asking = threading.Thread(target=lambda: answers.append(fetch(f"http://{where}/")))
        asking.start()
        assert upstream.asked.wait(10)
        proxy.process.terminate()
        wait_until(lambda: proxy.get("/ready") == (503, "DRAINING\n"), "DRAINING")
        wait_until(lambda: _refused(host, int(port)), "refused connections")
        assert proxy.process.poll() is None
        upstream.go.set()
        asking.join(10)
        assert answers[0][:2] == (200, "done")
        assert answers[0][2].get("connection") == "close"
        assert proxy.process.wait(10) == 0
    finally:
        upstream.close()
        proxy.process.kill()
        proxy.stop()


def _refused(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_quitquitquit_ends_at_once(tmp_path: Path) -> None:
    proxy = ProxyProcess(tmp_path, _bootstrap(1))
    proxy.wait_until_live()
    assert proxy.get("/quitquitquit")[0] == 405
    assert proxy.get("/quitquitquit", "POST") == (200, "OK\n")
    assert proxy.process.wait(10) == 0
    proxy.stop()


def test_a_good_file_is_said_to_be_good(tmp_path: Path) -> None:
    proxy = ProxyProcess(tmp_path, _bootstrap(1), "--mode", "validate")
    assert proxy.process.wait(20) == 0
    assert proxy.log() == f"configuration '{proxy.config}' OK\n"
    proxy.stop()


def test_all_that_is_wrong_with_a_file_is_said_with_places_and_exit_code_65(tmp_path: Path) -> None:
    config = tmp_path / "b.yaml"
    config.write_text(
        "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}\n"
        "overload_manager: {}\n"
        "static_resources:\n"
        "  clusters:\n"
        "  - name: a\n"
        "    lb_subset_config: {subset_selectors: [{keys: [v]}]}\n"
    )
    for arguments in ([], ["--mode", "validate"]):
        done = _run(config, *arguments)
        assert done.returncode == 65
        assert f"{config}:2:1: overload_manager: this field is not supported" in done.stderr
        assert (
            f"{config}:6:5: static_resources.clusters[0].lb_subset_config: this field is not supported" in done.stderr
        )
        assert "Traceback" not in done.stderr


def test_an_address_that_is_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        proxy = ProxyProcess(tmp_path, {"admin": {"address": address(port)}})
        assert proxy.process.wait(20) == 1
        assert f"the admin address cannot be bound: '127.0.0.1:{port}': Address already in use" in proxy.log()
        proxy.stop()
        bootstrap = _bootstrap(1)
        bootstrap["static_resources"]["listeners"][0]["address"] = address(port)
        proxy = ProxyProcess(tmp_path, bootstrap)
        assert proxy.process.wait(20) == 1
        assert f"listener in: cannot bind '127.0.0.1:{port}': Address already in use" in proxy.log()
        assert "Traceback" not in proxy.log()
        proxy.stop()


def test_a_rotated_access_log_is_reopened_on_sigusr1(tmp_path: Path) -> None:
    log, moved = tmp_path / "access.log", tmp_path / "access.log.1"
    file_log = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": str(log),
        "log_format": {"text_format": "%REQ(:PATH)%\n"},
    }
    bootstrap = _bootstrap(1, access_log=[{"name": "file", "typed_config": file_log}])
    with running_proxy(tmp_path, bootstrap) as proxy:
        url = f"http://{proxy.listener_address('in')}"
        fetch(f"{url}/before")
        log.rename(moved)
        proxy.process.send_signal(signal.SIGUSR1)
        wait_until(log.exists, "a new file")
        fetch(f"{url}/after")
    assert (moved.read_text(), log.read_text()) == ("/before\n", "/after\n")
