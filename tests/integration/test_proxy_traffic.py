"""Requests through a proxy with static configuration."""

import json
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.support.proxy_process import (
    HTTP2,
    echo_upstream,
    fetch,
    http_listener,
    routes_to,
    running_proxy,
    static_cluster,
    tcp_listener,
    wait_until,
)

pytestmark = pytest.mark.processes


def test_a_request_goes_through_and_is_counted_and_logged(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    file_log = {"@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", "path": str(log)}
    listener = http_listener("in", routes_to("app"), access_log=[{"name": "file", "typed_config": file_log}])
    with echo_upstream("app") as port:
        bootstrap = {"static_resources": {"listeners": [listener], "clusters": [static_cluster("app", port)]}}
        with running_proxy(tmp_path, bootstrap) as proxy:
            url = f"http://{proxy.listener_address('in')}/hello?x=1"
            status, body, headers = fetch(url, headers={"x-mine": "1"})
            assert status == 200
            seen = json.loads(body)
            assert (seen["upstream"], seen["path"], seen["headers"]["x-mine"]) == ("app", "/hello?x=1", "1")
            assert "x-request-id" in seen["headers"]
            assert headers["server"] == "envoy"
            assert "x-envoy-upstream-service-time" in headers
            assert proxy.stat("http.in.downstream_rq_2xx") == 1
            assert proxy.stat("cluster.app.upstream_rq_200") == 1
            assert f"app::127.0.0.1:{port}::rq_success::1" in proxy.get("/clusters")[1]
            page = proxy.get("/stats/prometheus")[1]
            assert 'envoy_cluster_upstream_rq_total{envoy_cluster_name="app"} 1' in page
            wait_until(log.read_text, "a line in the access log")
            assert '"GET /hello?x=1 HTTP/1.1" 200 - 0 ' in log.read_text()


@pytest.mark.parametrize("downstream", ["--http1.1", "--http2-prior-knowledge"])
def test_both_http_versions_are_spoken_on_both_sides(tmp_path: Path, downstream: str) -> None:
    """The proxy calls itself over HTTP/2, and the application over HTTP/1.1."""
    with echo_upstream("app") as port, socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        inner_port = held.getsockname()[1]
        bootstrap = {
            "static_resources": {
                "listeners": [
                    http_listener("outer", routes_to("inner")),
                    http_listener("inner", routes_to("app"), port=inner_port),
                ],
                "clusters": [
                    static_cluster("inner", inner_port, typed_extension_protocol_options=HTTP2),
                    static_cluster("app", port),
                ],
            }
        }
        with running_proxy(tmp_path, bootstrap) as proxy:
            url = f"http://{proxy.listener_address('outer')}/two"
            body = "x" * 200_000
            done = subprocess.run(
                ["curl", "-s", "-S", downstream, "--data-binary", "@-", url],
                input=body, capture_output=True, text=True, timeout=20, check=True,
            )  # fmt: skip
            seen = json.loads(done.stdout)
            assert (seen["upstream"], seen["path"], len(seen["body"])) == ("app", "/two", len(body))
            assert proxy.stat("cluster.inner.upstream_cx_http2_total") == 1
            assert proxy.stat("http.inner.downstream_rq_http2_total") == 1


def _echo_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


def test_tcp_passes_both_ways_and_half_closes(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_echo_once, args=(server,))
        thread.start()
        port = server.getsockname()[1]
        bootstrap = {
            "static_resources": {"listeners": [tcp_listener("t", "db")], "clusters": [static_cluster("db", port)]}
        }
        with running_proxy(tmp_path, bootstrap) as proxy:
            host, _, listener_port = proxy.listener_address("t").rpartition(":")
            sent = b"0123456789" * 100_000
            with socket.create_connection((host, int(listener_port)), timeout=10) as client:
                writer = threading.Thread(target=lambda: (client.sendall(sent), client.shutdown(socket.SHUT_WR)))
                writer.start()
                received = bytearray()
                while data := client.recv(65536):
                    received += data
                writer.join()
            assert received == sent
            thread.join(10)
            wait_until(lambda: proxy.stat("tcp.t.downstream_cx_rx_bytes_total") == len(sent), "the bytes are counted")


def test_requests_are_spread_over_workers_and_their_numbers_are_added(tmp_path: Path) -> None:
    with echo_upstream("app") as port:
        bootstrap = {
            "static_resources": {
                "listeners": [http_listener("in", routes_to("app"))],
                "clusters": [static_cluster("app", port)],
            }
        }
        with running_proxy(tmp_path, bootstrap, "--concurrency", "2") as proxy:
            assert len(proxy.workers()) == 2
            url = f"http://{proxy.listener_address('in')}/"
            for _ in range(20):
                assert fetch(url)[0] == 200
            assert proxy.stat("http.in.downstream_rq_2xx") == 20
            assert proxy.stat("cluster.app.membership_total") == 1
            assert proxy.stat("server.concurrency") == 2
