"""ClientHellos as OpenSSL writes them, in any pieces, and what is none."""

import contextlib
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulle.proxy.listener.filters.client_hello import ClientHello, NotTls, read_client_hello


def client_hello(server_name: str | None = "WWW.example.com", protocols: tuple[str, ...] = ("h2", "http/1.1")) -> bytes:
    """What a real TLS client sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


HELLO = client_hello()
FOUND = ClientHello("www.example.com", ("h2", "http/1.1"))


def _in_records(size: int) -> bytes:
    body = HELLO[5:]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece for piece in pieces)


def test_name_and_protocols_are_found() -> None:
    assert read_client_hello(HELLO) == FOUND
    assert read_client_hello(HELLO + b"more") == FOUND
    assert read_client_hello(client_hello(None, ())) == ClientHello("", ())


@given(st.integers(0, len(HELLO) - 1))
def test_a_piece_says_nothing_yet(size: int) -> None:
    assert read_client_hello(HELLO[:size]) is None


@pytest.mark.parametrize("size", [1, 3, 4, 5, 100])
def test_a_hello_may_come_in_several_records(size: int) -> None:
    data = _in_records(size)
    assert read_client_hello(data) == FOUND
    assert read_client_hello(data[:-1]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x02\x01\x00\x05hello",
        b"\x16\x03\x01\x00\x00hello",
        b"\x16\x03\x01\xff\xffhello",
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
    ],
)
def test_other_bytes_are_no_hello(data: bytes) -> None:
    with pytest.raises(NotTls):
        read_client_hello(data)


@given(st.binary(max_size=600))
def test_garbage_is_judged_and_never_fails(data: bytes) -> None:
    for prefix in (b"", b"\x16\x03\x01", HELLO[:9], HELLO[:43]):
        with contextlib.suppress(NotTls):
            read_client_hello(prefix + data)


@given(st.integers(5, len(HELLO) - 1), st.integers(0, 255))
def test_a_changed_byte_is_judged_and_never_fails(at: int, value: int) -> None:
    with contextlib.suppress(NotTls):
        read_client_hello(HELLO[:at] + bytes([value]) + HELLO[at + 1 :])
