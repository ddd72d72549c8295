"""HTTP/1.1 on a blocking socket, as plainly as it can be: clients and upstreams of the harness read with it."""

import contextlib
import socket
from dataclasses import dataclass, field

Fields = list[tuple[str, str]]
_CHUNK = 65536


class Ended(Exception):
    """The peer closed or reset the connection before the message was whole."""


@dataclass
class Message:
    """A request or a response as it stood on the wire; `start` is its first line, or made up for HTTP/2."""

    start: str
    fields: Fields
    body: bytes = b""
    trailers: Fields = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """All values of a header, in order."""
        return [value for key, value in self.fields if key.lower() == name]

    def value(self, name: str, default: str = "") -> str:
        """The first value of a header."""
        return next(iter(self.values(name)), default)

    @property
    def status(self) -> int:
        """The status of a response."""
        return int(self.start.split(" ")[1])


class Stream:
    """Reads lines and counted bytes from a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()

    def _fill(self) -> None:
        try:
            data = self.sock.recv(_CHUNK)
        except ConnectionError as error:
            # Whether an end shows as a reset is a matter of timing.
            raise Ended("connection ended") from error
        if not data:
            raise Ended("connection ended")
        self._buffer += data

    def line(self) -> str:
        """The next line without its end."""
        while (end := self._buffer.find(b"\n")) < 0:
            self._fill()
        text = bytes(self._buffer[:end]).rstrip(b"\r").decode("latin-1")
        del self._buffer[: end + 1]
        return text

    def exactly(self, count: int) -> bytes:
        """So many bytes."""
        while len(self._buffer) < count:
            self._fill()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def rest(self) -> bytes:
        """Everything until the end of the stream."""
        with contextlib.suppress(Ended):
            while True:
                self._fill()
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def closes(self) -> bool:
        """Whether the peer ends the connection without another byte."""
        if self._buffer:
            return False
        try:
            self._fill()
        except Ended:
            return True
        except TimeoutError:
            return False
        return False


def read_fields(stream: Stream) -> Fields:
    """Header or trailer lines up to the empty one."""
    fields: Fields = []
    while line := stream.line():
        name, _, value = line.partition(":")
        fields.append((name, value.strip(" \t")))
    return fields


def read_head(stream: Stream) -> Message:
    """The start line and the headers."""
    return Message(stream.line(), read_fields(stream))


def read_body(stream: Stream, message: Message, *, until_close: bool) -> None:
    """Fills in body and trailers; without a length the body is empty, or all that comes."""
    if "chunked" in message.value("transfer-encoding").lower():
        _read_chunks(stream, message)
    elif message.values("content-length"):
        message.body = stream.exactly(int(message.value("content-length")))
    elif until_close:
        message.body = stream.rest()


def _read_chunks(stream: Stream, message: Message) -> None:
    body = bytearray()
    while size := int(stream.line().partition(";")[0], 16):
        body += stream.exactly(size)
        stream.line()
    message.body = bytes(body)
    message.trailers = read_fields(stream)


def encode_head(start: str, fields: Fields) -> bytes:
    """The bytes of a start line and headers."""
    lines = [start, *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def encode_chunks(chunks: list[bytes], trailers: Fields) -> bytes:
    """A chunked body with its end."""
    parts = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk]
    tail = "".join(f"{name}: {value}\r\n" for name, value in trailers)
    return b"".join(parts) + b"0\r\n" + tail.encode() + b"\r\n"
