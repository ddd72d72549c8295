"""gRPC's length-prefixed messages (gRPC over HTTP2, "Length-Prefixed-Message")."""

from collections.abc import Iterator

_PREFIX = 5  # one byte "compressed", four of length


class BadFrame(ValueError):
    """Bytes that are no gRPC message, or one that nobody asked to be compressed."""


def encode(message: bytes) -> bytes:
    """A message as it goes into DATA frames."""
    return b"\0" + len(message).to_bytes(4, "big") + message


class FrameReader:
    """Cuts a stream of bytes into messages, whatever the chunks."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that are whole now."""
        self._buffer += data
        at = 0
        try:
            while len(self._buffer) - at >= _PREFIX:
                if self._buffer[at] != 0:
                    raise BadFrame("a compressed message, although no compression was offered")
                end = at + _PREFIX + int.from_bytes(self._buffer[at + 1 : at + _PREFIX], "big")
                if len(self._buffer) < end:
                    return
                message = bytes(self._buffer[at + _PREFIX : end])
                at = end
                yield message
        finally:
            del self._buffer[:at]
