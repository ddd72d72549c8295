"""Main ↔ worker: whole messages in both directions over a socket pair, with file descriptors beside them."""

import asyncio
import marshal
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

# A message is what `marshal` can write: tuples, lists, dicts, str, bytes, numbers, None. Both ends run the same Python.
Message = Any
_HEADER = 6  # four bytes of length, two of the number of descriptors
_CHUNK = 256 * 1024
_MAX_DESCRIPTORS = 250  # Linux: SCM_MAX_FD is 253


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected ends; neither survives an exec unless it is handed on."""
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    left.setblocking(False)
    right.setblocking(False)
    return left, right


class Channel:
    """One end. `on_message(message, descriptors)` is called for each whole message, `on_close()` once at the end.

    The receiver owns the descriptors. Sending never blocks: what the socket does not take waits in memory.
    """

    def __init__(
        self,
        end: socket.socket,
        on_message: Callable[[Message, Sequence[int]], None],
        on_close: Callable[[], None],
    ) -> None:
        self._socket = end
        self._on_message = on_message
        self._on_close = on_close
        self._loop = asyncio.get_running_loop()
        self._input = bytearray()
        self._descriptors: deque[int] = deque()
        self._output: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._closed = False
        self._loop.add_reader(end.fileno(), self._read)

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Sends a message; the descriptors are duplicated into the other process, ours stay open.

        They must stay open until the message has left; a caller that closes them at once sends a duplicate.
        """
        if self._closed:
            return
        if len(descriptors) > _MAX_DESCRIPTORS:
            raise ValueError(f"{len(descriptors)} descriptors in one message; {_MAX_DESCRIPTORS} is the most")
        body = marshal.dumps(message)
        header = len(body).to_bytes(4, "little") + len(descriptors).to_bytes(2, "little")
        self._output.append((memoryview(header + body), descriptors))
        if len(self._output) == 1:
            self._write()

    def close(self) -> None:
        """Closes this end; `on_close` is not called."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        while self._descriptors:
            os.close(self._descriptors.popleft())

    def _write(self) -> None:
        try:
            while self._output:
                data, descriptors = self._output[0]
                sent = (
                    socket.send_fds(self._socket, [data], list(descriptors)) if descriptors else self._socket.send(data)
                )
                if sent == len(data):
                    self._output.popleft()
                else:
                    self._output[0] = (data[sent:], ())
        except BlockingIOError:
            self._loop.add_writer(self._socket.fileno(), self._write)
        except OSError:
            self._lose()
        else:
            self._loop.remove_writer(self._socket.fileno())

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _CHUNK, _MAX_DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            self._lose()
            return
        self._descriptors.extend(descriptors)
        if not data:
            self._lose()
            return
        self._input += data
        self._take_messages()

    def _take_messages(self) -> None:
        at = 0
        data = self._input
        while len(data) - at >= _HEADER and not self._closed:
            end = at + _HEADER + int.from_bytes(data[at : at + 4], "little")
            if len(data) < end:
                break
            count = int.from_bytes(data[at + 4 : at + _HEADER], "little")
            message = marshal.loads(data[at + _HEADER : end])
            at = end
            self._on_message(message, [self._descriptors.popleft() for _ in range(count)])
        del data[:at]

    def _lose(self) -> None:
        if not self._closed:
            self.close()
            self._on_close()
