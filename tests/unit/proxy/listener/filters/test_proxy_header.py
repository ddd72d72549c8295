"""Headers of the PROXY protocol."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulle.proxy.listener.filters.proxy_header import SIGNATURE_2, BadHeader, ProxyHeader, read_header, version_of

V1 = b"PROXY TCP4 1.2.3.4 5.6.7.8 10 20\r\n"


def v2(family: int = 0x11, body: bytes | None = None, command: int = 0x21) -> bytes:
    """A header of version 2; by default from 1.2.3.4:10 to 5.6.7.8:20."""
    if body is None:
        body = bytes([1, 2, 3, 4, 5, 6, 7, 8]) + struct.pack("!HH", 10, 20)
    return SIGNATURE_2 + struct.pack("!BBH", command, family, len(body)) + body


def _read(data: bytes) -> ProxyHeader | None:
    version = version_of(data)
    return read_header(data, version) if version else None


@pytest.mark.parametrize("data", [V1, v2()])
def test_both_ends_are_read(data: bytes) -> None:
    header = _read(data + b"GET /")
    assert header is not None
    assert header.size == len(data)
    assert (header.source, header.destination) == (("1.2.3.4", 10), ("5.6.7.8", 20))


def test_ipv6_is_read_in_both_versions() -> None:
    addresses = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(socket.AF_INET6, "::1")
    for data in (b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", v2(0x21, addresses + struct.pack("!HH", 1, 2))):
        header = _read(data)
        assert header is not None
        assert (header.source, header.destination) == (("2001:db8::1", 1), ("::1", 2))


def test_what_follows_the_addresses_is_skipped() -> None:
    tlv = b"\x03\x00\x04abcd"
    data = v2(body=bytes([1, 2, 3, 4, 5, 6, 7, 8]) + bytes(4) + tlv)
    header = _read(data)
    assert header is not None
    assert header.size == len(data)


@pytest.mark.parametrize(
    "data", [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN a b\r\n", v2(command=0x20), v2(0x00, b"", 0x20)]
)
def test_a_header_may_say_nothing(data: bytes) -> None:
    header = _read(data)
    assert header is not None
    assert header.source is None
    assert header.size == len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"PROXY \r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 10\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 10 20 30\r\n",
        b"PROXY TCP4 ::1 ::1 10 20\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 10 65536\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 10 +2\r\n",
        b"PROXY UDP4 1.2.3.4 5.6.7.8 10 20\r\n",
        b"PROXY " + b"a" * 102,
        v2(0x00, b""),
        v2(command=0x22),
        v2(command=0x11),
        v2(0x31),
        v2(body=bytes(12)),
        b"PROXY TCP4 224.0.0.1 5.6.7.8 10 20\r\n",
        b"PROXY TCP4 1.2.3.4 255.255.255.255 10 20\r\n",
        b"PROXY TCP6 :: ::1 10 20\r\n",
        v2(0x13),
        v2(body=b"short"),
    ],
)
def test_a_broken_header_is_refused(data: bytes) -> None:
    with pytest.raises(BadHeader):
        _read(data)


@given(st.sampled_from([V1, v2(), b"PROXY UNKNOWN\r\n"]), st.data())
def test_a_piece_says_nothing_yet(data: bytes, draw: st.DataObject) -> None:
    piece = data[: draw.draw(st.integers(0, len(data) - 1))]
    assert version_of(piece) is None or _read(piece) is None


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"PROXIED", b"\r\n\r\nX"])
def test_other_bytes_have_no_signature(data: bytes) -> None:
    assert version_of(data) == 0


@given(st.sampled_from([b"PROXY ", SIGNATURE_2, b""]), st.binary(max_size=120))
def test_garbage_is_judged_and_never_fails(signature: bytes, data: bytes) -> None:
    try:
        header = _read(signature + data)
    except BadHeader:
        return
    assert header is None or header.size <= len(signature + data)
