"""The part of a TLS ClientHello that a proxy reads before the handshake: server name and application protocols."""

from typing import NamedTuple

_HANDSHAKE = 22
_CLIENT_HELLO = 1
_RECORD_HEADER = 5
_MESSAGE_HEADER = 4
_MAX_RECORD = 16_384  # RFC 8446 § 5.1
_SERVER_NAME, _ALPN = 0, 16
_FIXED = 2 + 32  # version and random


class ClientHello(NamedTuple):
    """What was found; both may be empty."""

    server_name: str
    protocols: tuple[str, ...]


class NotTls(Exception):
    """The bytes are no ClientHello and will not become one."""


def read_client_hello(data: bytes) -> ClientHello | None:
    """The ClientHello that `data` begins with, in one record or several; None while it is not complete."""
    message = _read_message(data)
    return None if message is None else _parse(message)


def _read_message(data: bytes) -> bytes | None:
    """The body of the first handshake message; the header of the first record must be there to say anything."""
    if len(data) < _RECORD_HEADER:
        return None
    parts: list[bytes] = []
    gathered = at = 0
    wanted = _MESSAGE_HEADER
    while gathered < wanted:
        if len(data) - at < _RECORD_HEADER:
            return None
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        if data[at] != _HANDSHAKE or data[at + 1] != 3 or not 0 < length <= _MAX_RECORD:
            raise NotTls
        at += _RECORD_HEADER
        part = data[at : at + length]
        if not parts and part and part[0] != _CLIENT_HELLO:
            raise NotTls
        parts.append(part)
        gathered += len(part)
        at += length
        if wanted == _MESSAGE_HEADER and gathered >= _MESSAGE_HEADER:
            wanted += int.from_bytes(b"".join(parts)[1:_MESSAGE_HEADER], "big")
    return b"".join(parts)[_MESSAGE_HEADER:wanted]


class _Reader:
    """Takes length-prefixed values off some bytes; NotTls when they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def more(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise NotTls
        taken, self._at = self._data[self._at : end], end
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """What stands behind a length of `size` bytes."""
        return self.take(self.number(size))


def _parse(body: bytes) -> ClientHello:
    reader = _Reader(body)
    reader.take(_FIXED)
    reader.vector(1)  # session
    reader.vector(2)  # cipher suites
    reader.vector(1)  # compression methods
    server_name = ""
    protocols: tuple[str, ...] = ()
    extensions = _Reader(reader.vector(2) if reader.more() else b"")
    while extensions.more():
        kind, value = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            server_name = _server_name(value)
        elif kind == _ALPN:
            protocols = _protocols(value)
    return ClientHello(server_name, protocols)


def _server_name(value: bytes) -> str:
    """RFC 6066 § 3: a list of which only the one host name is defined."""
    names = _Reader(_Reader(value).vector(2))
    if names.number(1) != 0:
        raise NotTls
    name = names.vector(2)
    if names.more() or not 0 < len(name) <= 255 or b"\0" in name:
        raise NotTls
    return name.decode("latin-1").lower()


def _protocols(value: bytes) -> tuple[str, ...]:
    """RFC 7301 § 3.1; a malformed list is left for the handshake to refuse (Envoy: tls_inspector.cc, onALPN)."""
    found: list[str] = []
    try:
        names = _Reader(_Reader(value).vector(2))
        while names.more():
            name = names.vector(1)
            if not name:
                return ()
            found.append(name.decode("latin-1"))
    except NotTls:
        return ()
    return tuple(found)
