"""TLS through a running proxy, with curl and OpenSSL as clients."""

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import authority, identity
from tests.support.proxy_process import (
    HTTP2,
    ProxyProcess,
    address,
    echo_upstream,
    http_listener,
    routes_to,
    running_proxy,
    static_cluster,
    tcp_listener,
)

pytestmark = pytest.mark.processes

_TYPES = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3."
NAME = "server.example.com"


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "ca.pem").write_bytes(authority().pem)
    (folder / "other.pem").write_bytes(authority("other").pem)
    identity("server", NAME, rsa_key=True).save(folder, "server")
    identity("client", "spiffe://mesh/a").save(folder, "client")
    identity("foreign", "spiffe://mesh/a", issuer="other").save(folder, "foreign")
    return folder


def tls(kind: str, folder: Path, name: str = "", ca: str = "", **fields: Any) -> dict[str, Any]:
    """A transport socket from files."""
    common: dict[str, Any] = fields.pop("common", {})
    if name:
        pair = {"certificate_chain": {"filename": f"{folder}/{name}.pem"}}
        common["tls_certificates"] = [{**pair, "private_key": {"filename": f"{folder}/{name}.key"}}]
    if ca:
        common["validation_context"] = {"trusted_ca": {"filename": f"{folder}/{ca}.pem"}}
    return {"name": "tls", "typed_config": {"@type": _TYPES + kind, "common_tls_context": common, **fields}}


def over_tls(listener: dict[str, Any], socket: dict[str, Any]) -> dict[str, Any]:
    listener["filter_chains"][0]["transport_socket"] = socket
    return listener


@contextmanager
def running(folder: Path, certificates: Path, **listeners: Any) -> Iterator[ProxyProcess]:
    """`outer` speaks TLS to clients and calls `inner` over TLS and HTTP/2, which asks for the proxy's certificate."""
    both = {"alpn_protocols": ["h2", "http/1.1"]}
    with echo_upstream("app") as port, socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        inner = held.getsockname()[1]
        server = tls("DownstreamTlsContext", certificates, "server", common=dict(both))
        mutual = tls(
            "DownstreamTlsContext", certificates, "server", "ca", require_client_certificate=True, common=dict(both)
        )
        client = tls("UpstreamTlsContext", certificates, "client", "ca", sni=NAME, auto_sni_san_validation=True)
        echo = static_cluster("app", port)
        bootstrap = {
            "static_resources": {
                "listeners": [
                    over_tls(http_listener("outer", routes_to("inner")), server),
                    over_tls(http_listener("inner", routes_to("app"), port=inner), mutual),
                    over_tls(tcp_listener("tcp", "inner-tcp"), server),
                ],
                "clusters": [
                    static_cluster("inner", inner, typed_extension_protocol_options=HTTP2, transport_socket=client),
                    static_cluster("inner-tcp", inner, transport_socket=client),
                    echo,
                ],
            }
        }
        with running_proxy(folder, bootstrap) as proxy:
            yield proxy


def curl(proxy: ProxyProcess, listener: str, certificates: Path, *options: str, data: str = "") -> tuple[int, str]:
    """Exit code, and the answer or what went wrong."""
    port = proxy.listener_address(listener).rpartition(":")[2]
    command = ["curl", "-sS", "-m", "10", "--cacert", f"{certificates}/ca.pem", *options]
    command += ["--resolve", f"{NAME}:{port}:127.0.0.1", f"https://{NAME}:{port}/path"]
    if data:
        command += ["--data-binary", "@-"]
    done = subprocess.run(command, input=data, capture_output=True, text=True, timeout=20, check=False)
    return done.returncode, done.stdout or done.stderr


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_body_passes_over_tls_on_both_sides(tmp_path: Path, certificates: Path, version: str) -> None:
    with running(tmp_path, certificates) as proxy:
        body = "0123456789" * 300_000
        code, answer = curl(proxy, "outer", certificates, version, data=body)
        assert code == 0, answer
        seen = json.loads(answer)
        assert (seen["upstream"], seen["path"], seen["body"] == body) == ("app", "/path", True)
        assert seen["headers"]["x-forwarded-proto"] == "https"
        protocol = {"--http1.1": "http1", "--http2": "http2"}[version]
        assert proxy.stat(f"http.outer.downstream_cx_{protocol}_total") == 1
        assert proxy.stat("http.outer.downstream_cx_ssl_total") == 1
        assert proxy.stat("cluster.inner.ssl.handshake") == 1
        assert proxy.stat("http.inner.downstream_cx_http2_total") == 1


def test_the_tcp_proxy_carries_http_over_tls(tmp_path: Path, certificates: Path) -> None:
    with running(tmp_path, certificates) as proxy:
        code, answer = curl(proxy, "tcp", certificates, "--http1.1", data="x" * 100_000)
        assert code == 0, answer
        assert len(json.loads(answer)["body"]) == 100_000


@pytest.mark.parametrize(
    ("shown", "words", "counter"),
    [
        ("", "alert handshake failure", "fail_verify_no_cert"),
        ("foreign", "alert unknown ca", "fail_verify_error"),
    ],
)
def test_a_client_is_told_why_it_is_not_accepted(
    tmp_path: Path, certificates: Path, shown: str, words: str, counter: str
) -> None:
    with running(tmp_path, certificates) as proxy:
        pair = ["--cert", f"{certificates}/{shown}.pem", "--key", f"{certificates}/{shown}.key"] if shown else []
        code, answer = curl(proxy, "inner", certificates, "--tls-max", "1.2", *pair)
        assert code == 35
        assert words in answer
        prefix = f"listener.{proxy.listener_address('inner').replace(':', '_')}.ssl."
        assert proxy.stat(prefix + counter) == 1
        good = ["--cert", f"{certificates}/client.pem", "--key", f"{certificates}/client.key"]
        assert curl(proxy, "inner", certificates, *good)[0] == 0


def test_sessions_are_taken_up_again(tmp_path: Path, certificates: Path) -> None:
    with running(tmp_path, certificates) as proxy:
        host, _, port = proxy.listener_address("outer").rpartition(":")
        context = ssl.create_default_context(cafile=f"{certificates}/ca.pem")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        session: ssl.SSLSession | None = None
        for reused in (False, True):
            with (
                socket.create_connection((host, int(port))) as plain,
                context.wrap_socket(plain, server_hostname=NAME, session=session) as connection,
            ):
                assert connection.session_reused is reused
                session = connection.session


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"session_timeout": "10s"}, "session_timeout: this field is not supported"),
        ({"require_client_certificate": True}, "require_client_certificate: wants common_tls_context"),
        ({"common": {"key_log": {"path": "/x"}}}, "common_tls_context.key_log: this field is not supported"),
        (
            {"common": {"tls_certificate_sds_secret_configs": [{"name": "default"}]}},
            "common_tls_context.tls_certificate_sds_secret_configs: this field is not supported",
        ),
    ],
)
def test_what_cannot_be_honoured_is_rejected_by_its_path(
    tmp_path: Path, certificates: Path, fields: dict[str, Any], path: str
) -> None:
    socket_of = tls("DownstreamTlsContext", certificates, "server", **fields)
    bootstrap = {
        "admin": {"address": address(0)},
        "static_resources": {"listeners": [over_tls(http_listener("in", routes_to("in")), socket_of)]},
    }
    proxy = ProxyProcess(tmp_path, bootstrap)
    try:
        assert proxy.process.wait(15) != 0
        text = proxy.log()
    finally:
        proxy.stop()
    assert f"static_resources.listeners[0].filter_chains[0].transport_socket.typed_config.{path}" in text
