"""A proxy as a process of its own, and upstreams for it."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_PATIENCE_S = 15.0
HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
TCP_PROXY = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
HTTP_OPTIONS = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
HTTP2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": HTTP_OPTIONS,
        "explicit_http_config": {"http2_protocol_options": {}},
    }
}


def wait_until(condition: Any, what: str) -> Any:
    """The first true result of `condition`, asked again and again for a while."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"waited {_PATIENCE_S:g} s in vain: {what}")


class ProxyProcess:
    """`tulle proxy`, running; `admin` is its admin address."""

    def __init__(self, folder: Path, bootstrap: Mapping[str, Any], *arguments: str) -> None:
        self.config = folder / "bootstrap.json"
        self.config.write_text(json.dumps({"admin": {"address": address(0)}, **bootstrap}))
        self._admin_file = folder / "admin.txt"
        self._log = (folder / "proxy.log").open("w+")
        command = [sys.executable, "-m", "tulle", "proxy", "-c", str(self.config)]
        command += ["--admin-address-path", str(self._admin_file), *arguments]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self.admin = ""

    def wait_for_admin(self) -> None:
        """Returns when the admin server listens."""

        def there() -> str:
            assert self.process.poll() is None, self.log()
            return self._admin_file.read_text() if self._admin_file.exists() else ""

        self.admin = wait_until(there, "the admin address")

    def wait_until_live(self) -> None:
        """Returns when /ready says LIVE."""
        self.wait_for_admin()
        wait_until(lambda: self.get("/ready") == (200, "LIVE\n"), f"LIVE; log:\n{self.log()}")

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Status and text of an admin page."""
        return fetch(f"http://{self.admin}{path}", method)[:2]

    def stat(self, name: str) -> int:
        """The value of one counter or gauge."""
        for line in self.get("/stats")[1].splitlines():
            key, _, value = line.partition(": ")
            if key == name:
                return int(value)
        raise KeyError(name)

    def listener_address(self, name: str) -> str:
        """The address that a listener is bound to."""
        lines = dict(line.split("::", 1) for line in self.get("/listeners")[1].splitlines())
        return lines[name]

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def log(self) -> str:
        """What it printed so far."""
        self._log.flush()
        return Path(self._log.name).read_text()

    def stop(self) -> int:
        """Ends it politely; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(_PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
            self._log.close()


@contextmanager
def running_proxy(folder: Path, bootstrap: Mapping[str, Any], *arguments: str) -> Iterator[ProxyProcess]:
    """A proxy that is LIVE; it must end with 0 at the end."""
    proxy = ProxyProcess(folder, bootstrap, *arguments)
    try:
        proxy.wait_until_live()
        yield proxy
    except BaseException:
        print(proxy.log(), file=sys.stderr)
        proxy.process.kill()
        proxy.stop()
        raise
    assert proxy.stop() == 0


def fetch(url: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of a response, whatever the status."""
    request = urllib.request.Request(url, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as response:
            return response.status, response.read().decode(), dict(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(length).decode()
        name = getattr(self.server, "tulle_name", "")
        seen = {"upstream": name, "path": self.path, "method": self.command, "body": body}
        answer = json.dumps({**seen, "headers": {key.lower(): value for key, value in self.headers.items()}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def echo_upstream(name: str = "echo", port: int = 0) -> Iterator[int]:
    """An HTTP/1.1 server that answers with what it saw, as JSON; its port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Echo)
    server.daemon_threads = True
    server.tulle_name = name  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def address(port: int, host: str = "127.0.0.1") -> dict[str, Any]:
    """An Address message."""
    return {"socket_address": {"address": host, "port_value": port}}


def static_cluster(name: str, *ports: int, **more: Any) -> dict[str, Any]:
    """A STATIC cluster on loopback."""
    endpoints = [{"endpoint": {"address": address(port)}} for port in ports]
    assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
    return {"name": name, "type": "STATIC", "connect_timeout": "1s", "load_assignment": assignment, **more}


def routes_to(cluster: str) -> dict[str, Any]:
    """A route configuration that sends everything to one cluster."""
    route = {"match": {"prefix": "/"}, "route": {"cluster": cluster}}
    return {"name": "routes", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]}


def http_listener(
    name: str, route_config: Mapping[str, Any] | None = None, port: int = 0, **more: Any
) -> dict[str, Any]:
    """A listener with an HTTP connection manager; without routes it takes those named `routes` over ADS."""
    manager: dict[str, Any] = {
        "@type": HCM,
        "stat_prefix": name,
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
        **more,
    }
    if route_config is None:
        manager["rds"] = {"route_config_name": "routes", "config_source": {"ads": {}, "resource_api_version": "V3"}}
    else:
        manager["route_config"] = route_config
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": name, "address": address(port), "filter_chains": [chain]}


def tcp_listener(name: str, cluster: str) -> dict[str, Any]:
    """A listener with a TCP proxy."""
    config = {"@type": TCP_PROXY, "stat_prefix": name, "cluster": cluster}
    chain = {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": config}]}
    return {"name": name, "address": address(0), "filter_chains": [chain]}


def ads_bootstrap(port: int, delta: bool) -> dict[str, Any]:
    """A bootstrap that takes everything from a server on loopback."""
    source = {"ads": {}, "resource_api_version": "V3"}
    return {
        "node": {"id": "test-node", "cluster": "test"},
        "static_resources": {"clusters": [static_cluster("xds", port, typed_extension_protocol_options=HTTP2)]},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC" if delta else "GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
            },
            "cds_config": source,
            "lds_config": source,
        },
    }
