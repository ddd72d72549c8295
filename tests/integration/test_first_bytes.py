"""Listener filters and filter chain matching beside the real Envoy: equal bytes end in equal chains."""

import json
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.proxy_process import address, fetch, running_proxy, wait_until
from tulle.agent.engines import envoy_binary

pytestmark = [pytest.mark.processes, pytest.mark.envoy]

_FILTERS = "type.googleapis.com/envoy.extensions.filters.listener"
_RESPONSE = "type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config"


def _cidr(ip: str, length: int) -> list[dict[str, Any]]:
    return [{"address_prefix": ip, "prefix_len": length}]


def _chain(name: str, match: Mapping[str, Any]) -> dict[str, Any]:
    """A chain that says its name."""
    config = {"@type": _RESPONSE, "response": {"inline_string": name}}
    return {"name": name, "filter_chain_match": match, "filters": [{"name": "say", "typed_config": config}]}


def _filter(name: str, **fields: Any) -> dict[str, Any]:
    kind = "".join(part.title() for part in name.split("_"))
    return {"name": name, "typed_config": {"@type": f"{_FILTERS}.{name}.v3.{kind}", **fields}}


_INSPECTORS = [
    _filter("proxy_protocol", allow_requests_without_proxy_protocol=True),
    _filter("tls_inspector"),
    _filter("http_inspector"),
]
_CHAINS: dict[str, dict[str, Any]] = {
    "h2": {"application_protocols": ["h2c"]},
    "h1": {"application_protocols": ["http/1.1"]},
    "h1.0": {"application_protocols": ["http/1.0"]},
    "port": {"destination_port": 9000},
    "port and name": {"destination_port": 9001, "server_names": ["www.a.com"]},
    "name": {"server_names": ["www.a.com", "WWW.b.com"]},
    "wildcard": {"server_names": ["*.a.com"], "transport_protocol": "tls"},
    "source": {"source_prefix_ranges": _cidr("10.0.0.0", 8)},
    "source and port": {"source_prefix_ranges": _cidr("10.1.0.0", 16), "source_ports": [77]},
    "destination": {"prefix_ranges": _cidr("11.0.0.0", 8), "source_type": "EXTERNAL"},
    "longer": {"prefix_ranges": _cidr("11.2.0.0", 16), "direct_source_prefix_ranges": _cidr("127.0.0.0", 8)},
    "alpn": {"application_protocols": ["foo"], "transport_protocol": "tls"},
}
_FEW_CHAINS: dict[str, dict[str, Any]] = {
    "port": {"destination_port": 9000},
    "local h1": {
        "transport_protocol": "raw_buffer",
        "source_type": "SAME_IP_OR_LOOPBACK",
        "application_protocols": ["http/1.1"],
    },
    "all": {},
}


def _listener(name: str, chains: Mapping[str, Mapping[str, Any]], **fields: Any) -> dict[str, Any]:
    built = [_chain(each, match) for each, match in chains.items()]
    timeout = {"listener_filters_timeout": "0.5s"}
    return {"name": name, "address": address(0), "filter_chains": built, **timeout, **fields}


LISTENERS = [
    _listener("many", _CHAINS, listener_filters=_INSPECTORS, default_filter_chain=_chain("default", {})),
    _listener("few", _FEW_CHAINS, listener_filters=_INSPECTORS, continue_on_listener_filters_timeout=True),
    _listener("strict", {"all": {}}, listener_filters=[_filter("proxy_protocol", disallowed_versions=["V1"])]),
]


def _hello(name: str | None, protocols: tuple[str, ...] = ()) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def _v1(source: str, destination: str, source_port: int, port: int) -> bytes:
    return f"PROXY TCP4 {source} {destination} {source_port} {port}\r\n".encode()


def _v2(command: int, family: int, body: bytes) -> bytes:
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, family, len(body)) + body


_H1, _RAW = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", bytes(range(7))


def _plain_openings() -> Iterator[tuple[str, bytes]]:
    yield "h1", _H1
    yield "h1.0", b"GET / HTTP/1.0\r\n\r\n"
    yield "h2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield "bytes", _RAW
    yield "name", _hello("WWW.A.com")
    yield "wildcard", _hello("x.a.com", ("foo", "h2"))
    yield "mixed case", _hello("www.B.com")
    yield "second protocol", _hello("z.org", ("bar", "foo"))
    yield "no name", _hello(None)
    for line in ("get / HTTP/1.1", "GET / HTTP/9", "PROXIED", "GET /", "", "FOO / HTTP/1.1", "GET http://a/ HTTP/1.1"):
        yield line or "empty line", line.encode() + b"\r\n\r\n"
    yield "line feed", b"GET / HTTP/1.1\n\n"
    yield "two spaces", b"GET  /  HTTP/1.1\r\n\r\n"
    yield "broken hello", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"
    yield "alert", b"\x15\x03\x01\x00\x02\x02\x28"


def _proxied_openings() -> Iterator[tuple[str, bytes]]:
    for ends in (
        ("10.0.0.1", "9.9.9.9", 1, 1),
        ("10.1.0.1", "9.9.9.9", 77, 1),
        ("10.1.0.1", "9.9.9.9", 78, 1),
        ("8.8.8.8", "11.1.1.1", 1, 1),
        ("11.1.1.1", "11.1.1.1", 1, 1),
        ("127.0.0.1", "11.1.1.1", 1, 1),
        ("8.8.8.8", "11.2.1.1", 1, 1),
        ("8.8.8.8", "9.9.9.9", 1, 9000),
        ("8.8.8.8", "9.9.9.9", 1, 9001),
    ):
        source, destination, source_port, port = ends
        packed = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!HH", source_port, port)
        yield f"v1 {ends}", _v1(*ends) + _RAW
        yield f"v1 h1 {ends}", _v1(*ends) + _H1
        yield f"v1 tls {ends}", _v1(*ends) + _hello("www.a.com")
        yield f"v2 {ends}", _v2(0x21, 0x11, packed + b"\x01\0\x02h2") + _RAW


def _odd_openings() -> Iterator[tuple[str, bytes]]:
    for line in (
        "TCP4 1.1.1.1 2.2.2.2 1",
        "TCP4 1.1.1.1 2.2.2.2 1 2 3",
        "TCP5 1.1.1.1 2.2.2.2 1 2",
        "UNKNOWN",
        "UNKNOWN a b c",
        "TCP4 ::1 ::1 1 2",
        "TCP4 1.1.1.1 2.2.2.2 1 99999",
        " TCP4 1.1.1.1 2.2.2.2 1 2",
        "TCP4 01.1.1.1 2.2.2.2 1 2",
        "TCP4 1.1.1.1 2.2.2.2 01 2",
        "TCP4 1.1.1.1 2.2.2.2 0 0",
        "TCP6 ::1 ::2 1 2",
        "TCP6 :: ::2 1 2",
        "TCP6 ::1 ff02::1 1 2",
        "TCP4 224.1.1.1 2.2.2.2 1 2",
        "TCP4 1.1.1.1 255.255.255.255 1 2",
        "TCP4 1.1.1.1 2.2.2.255 1 2",
        "a" * 110,
    ):
        yield f"PROXY {line}", f"PROXY {line}\r\n".encode() + _RAW
    for command, family, body in (
        (0x20, 0x11, b"ab"),
        (0x22, 0x11, b"ab"),
        (0x21, 0x00, b""),
        (0x21, 0x31, b""),
        (0x21, 0x12, bytes(12)),
        (0x21, 0x12, bytes([1] * 12)),
        (0x21, 0x11, b"ab"),
    ):
        yield f"v2 {command:x} {family:x} {body!r}", _v2(command, family, body) + _RAW


def _outcome(where: str, opening: bytes) -> str:
    """The name of the chain, or how the connection ended without one."""
    host, _, port = where.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        try:
            if opening:
                client.sendall(opening)
            return client.recv(100).decode() or "closed"
        except ConnectionResetError:
            return "reset"


def _outcomes(addresses: Mapping[str, str]) -> dict[str, str]:
    openings = [*_plain_openings(), *_proxied_openings(), *_odd_openings(), ("silence", b""), ("one byte", b"x")]
    cases = {
        f"{name}: {label}": (addresses[name], data) for name in ("many", "few", "strict") for label, data in openings
    }
    with ThreadPoolExecutor(16) as pool:
        return dict(zip(cases, pool.map(lambda case: _outcome(*case), cases.values()), strict=True))


@contextmanager
def _running_envoy(folder: Path, bootstrap: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The real Envoy; the addresses of its listeners."""
    config, admin = folder / "envoy.json", folder / "envoy-admin.txt"
    config.write_text(json.dumps({"admin": {"address": address(0)}, **bootstrap}))
    command = [envoy_binary(), "-c", str(config), "--disable-hot-restart", "--concurrency", "1", "-l", "error"]
    process = subprocess.Popen([*command, "--admin-address-path", str(admin)])
    try:
        where = wait_until(lambda: admin.exists() and admin.read_text(), "Envoy's admin address")
        wait_until(lambda: fetch(f"http://{where}/ready")[0] == 200, "Envoy to be ready")
        lines = fetch(f"http://{where}/listeners")[1].splitlines()
        yield dict(line.split("::", 1) for line in lines)
    finally:
        process.kill()
        process.wait()


def test_equal_bytes_end_in_equal_chains(tmp_path: Path) -> None:
    bootstrap = {"static_resources": {"listeners": LISTENERS}}
    with _running_envoy(tmp_path, bootstrap) as addresses:
        expected = _outcomes(addresses)
    with running_proxy(tmp_path, bootstrap) as proxy:
        found = _outcomes({name: proxy.listener_address(name) for name in ("many", "few", "strict")})
    assert found == expected
    assert set(expected.values()) >= {*_CHAINS, *_FEW_CHAINS, "default", "reset", "closed"} - {"wildcard"}
