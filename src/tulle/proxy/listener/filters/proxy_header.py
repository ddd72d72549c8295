"""The header of HAProxy's PROXY protocol, versions 1 and 2: who really connected, and to what."""

import socket
import struct
from ipaddress import ip_address
from typing import NamedTuple

SIGNATURE_1 = b"PROXY "
SIGNATURE_2 = b"\r\n\r\n\0\r\nQUIT\n"
_LONGEST_1 = 107  # the specification's worst case, line end included
_HEADER_2 = 16
_LOCAL, _PROXY = 0x20, 0x21
_STREAM, _DATAGRAM = 1, 2
_FAMILIES = {1: (socket.AF_INET, 4), 2: (socket.AF_INET6, 16)}


class ProxyHeader(NamedTuple):
    """What a header says; `source` and `destination` are None when it leaves the socket's addresses in force."""

    version: int
    size: int
    source: tuple[str, int] | None = None
    destination: tuple[str, int] | None = None


class BadHeader(Exception):
    """The bytes have a signature and break its rules."""


def version_of(data: bytes) -> int | None:
    """1 or 2 by the signature, 0 when there is none; None while that is open."""
    for version, signature in ((1, SIGNATURE_1), (2, SIGNATURE_2)):
        if data.startswith(signature):
            return version
        if signature.startswith(data):
            return None
    return 0


def read_header(data: bytes, version: int) -> ProxyHeader | None:
    """The header that `data` begins with; None while it is not complete."""
    header = _read_1(data) if version == 1 else _read_2(data)
    if header is not None and not all(_is_unicast(end[0]) for end in (header.source, header.destination) if end):
        raise BadHeader
    return header


def _is_unicast(ip: str) -> bool:
    """Whether a TCP connection can have this end (Envoy: proxy_protocol.cc)."""
    address = ip_address(ip)
    return not address.is_unspecified and not address.is_multicast and ip != "255.255.255.255"


def _read_1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, _LONGEST_1)
    if end < 0:
        if len(data) >= _LONGEST_1:
            raise BadHeader
        return None
    parts = data[:end].decode("latin-1").split(" ")
    if parts[1] == "UNKNOWN":
        return ProxyHeader(1, end + 2)
    if len(parts) != 6 or parts[1] not in ("TCP4", "TCP6"):
        raise BadHeader
    version = 4 if parts[1] == "TCP4" else 6
    source, destination = _endpoint(parts[2], parts[4], version), _endpoint(parts[3], parts[5], version)
    return ProxyHeader(1, end + 2, source, destination)


def _endpoint(ip: str, port: str, version: int) -> tuple[str, int]:
    try:
        address = ip_address(ip)
    except ValueError as error:
        raise BadHeader from error
    if address.version != version or not (port.isascii() and port.isdigit()) or int(port) > 65_535 or len(port) > 5:
        raise BadHeader
    return str(address), int(port)


def _read_2(data: bytes) -> ProxyHeader | None:
    if len(data) < _HEADER_2:
        return None
    command, family, length = struct.unpack_from("!BBH", data, len(SIGNATURE_2))
    if command not in (_LOCAL, _PROXY):
        raise BadHeader
    if len(data) < _HEADER_2 + length:
        return None
    size = _HEADER_2 + length
    if command == _LOCAL:
        return ProxyHeader(2, size)
    known = _FAMILIES.get(family >> 4)
    if known is None or family & 0x0F not in (_STREAM, _DATAGRAM):
        raise BadHeader
    kind, width = known
    if length < 2 * width + 4:
        raise BadHeader
    source, destination, source_port, destination_port = struct.unpack_from(f"!{width}s{width}sHH", data, _HEADER_2)
    return ProxyHeader(
        2,
        size,
        (socket.inet_ntop(kind, source), source_port),
        (socket.inet_ntop(kind, destination), destination_port),
    )
