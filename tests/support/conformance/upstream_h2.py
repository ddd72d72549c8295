"""An upstream that speaks HTTP/2 with prior knowledge."""

import socket
import time
from collections.abc import Callable, Iterable
from typing import Protocol

import ngh2

from tests.support.conformance.replies import Reply, has_body, plan_reply
from tests.support.conformance.wire import Fields, Message

_WINDOW = 1 << 20


class Noted(Protocol):
    """Where a request is noted while it arrives."""

    body: bytes
    trailers: Fields
    ended: bool


def text_fields(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    """Header fields as text."""
    return [(name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in headers]


def byte_fields(fields: Fields) -> list[tuple[bytes, bytes]]:
    """Header fields as HTTP/2 wants them."""
    return [(name.lower().encode(), value.encode("utf-8", "surrogateescape")) for name, value in fields]


def serve_h2(name: str, sock: socket.socket, begin: Callable[[Message], Noted]) -> None:
    """HTTP/2 until the peer closes; `begin` takes the head of each request."""
    session = _Session(name, sock, begin)
    session.flush()
    while data := sock.recv(65536):
        session.connection.receive_data(data)
        session.react()
        session.flush()


class _Session:
    """The streams of one connection."""

    def __init__(self, name: str, sock: socket.socket, begin: Callable[[Message], Noted]) -> None:
        self.connection = ngh2.Connection(ngh2.Role.SERVER)
        self.connection.initiate_connection({ngh2.Setting.INITIAL_WINDOW_SIZE: _WINDOW})
        self._name = name
        self._sock = sock
        self._begin = begin
        self._streams: dict[int, tuple[Message, Noted]] = {}

    def flush(self) -> None:
        """Writes what may be written now."""
        while out := self.connection.data_to_send(65536):
            self._sock.sendall(out)

    def react(self) -> None:
        """Handles what has arrived."""
        for event in self.connection.events():
            if isinstance(event, ngh2.RequestReceived):
                self._start(event)
                self._finish_if(event.end_stream, event.stream_id)
            elif isinstance(event, ngh2.DataReceived):
                self._streams[event.stream_id][0].body += event.data
                self._finish_if(event.end_stream, event.stream_id)
            elif isinstance(event, ngh2.TrailersReceived):
                self._streams[event.stream_id][0].trailers = text_fields(event.headers)
                self._finish_if(True, event.stream_id)
            elif isinstance(event, ngh2.StreamClosed):
                self._streams.pop(event.stream_id, None)

    def _start(self, event: ngh2.RequestReceived) -> None:
        fields = text_fields(event.headers)
        pseudo = dict(fields)
        message = Message(f"{pseudo[':method']} {pseudo.get(':path', '')} HTTP/2", fields)
        message.fields = [(key, value) for key, value in fields if key not in (":method", ":path")]
        self._streams[event.stream_id] = message, self._begin(message)

    def _finish_if(self, done: bool, stream_id: int) -> None:
        if not done:
            return
        message, noted = self._streams[stream_id]
        noted.body, noted.trailers, noted.ended = message.body, message.trailers, True
        reply = plan_reply(self._name, message)
        time.sleep(reply.delay_s)
        self._answer(stream_id, message.start.split(" ")[0], reply)

    def _answer(self, stream_id: int, method: str, reply: Reply) -> None:
        if reply.reset == "before":
            self.connection.reset_stream(stream_id, 2)
            return
        if reply.hints:
            self.connection.send_informational_response(stream_id, [(b":status", b"103"), (b"link", b"</style.css>")])
        body = reply.body if has_body(method, reply.status) else b""
        fields = [(":status", str(reply.status)), *reply.fields]
        if not reply.chunked and reply.status not in (204, 304):
            fields.append(("content-length", str(len(reply.body))))
        self.connection.send_response(stream_id, byte_fields(fields), end_stream=not body and not reply.trailers)
        if reply.reset == "middle":
            self.connection.send_data(stream_id, body[: len(body) // 2])
            self.flush()
            self.connection.reset_stream(stream_id, 2)
        elif body:
            self.connection.send_data(stream_id, body, end_stream=not reply.trailers)
        if reply.trailers and reply.reset != "middle":
            self.connection.send_trailers(stream_id, byte_fields(reply.trailers))
