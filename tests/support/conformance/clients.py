"""Clients of the harness: they send exactly what a case says and tell exactly what came back."""

import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import ngh2

from tests.support.conformance.upstream_h2 import byte_fields, text_fields
from tests.support.conformance.wire import (
    Ended,
    Fields,
    Message,
    Stream,
    encode_chunks,
    encode_head,
    read_body,
    read_head,
)

PATIENCE_S = 10.0
CLOSE_PATIENCE_S = 3.0
_WINDOW = 1 << 20


@dataclass
class Request:
    """A request in no protocol's words yet; `chunks` is a body that is sent piece by piece."""

    method: str
    path: str
    host: str | None
    fields: Fields
    body: bytes | None = None
    chunks: list[bytes] | None = None
    trailers: Fields = field(default_factory=list)
    wait_for_continue: bool = False
    scheme: str = "http"


@dataclass
class Answer:
    """What came back: the responses' parts, and how it ended when it did not end well."""

    message: Message | None = None
    interim: list[int] = field(default_factory=list)
    failure: str = ""


def connect(address: tuple[str, int], source: str | None = None) -> socket.socket:
    """A connection to a listener, from a loopback address if one is given."""
    sock = socket.create_connection(address, PATIENCE_S, (source, 0) if source else None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Http1Client:
    """One HTTP/1 connection."""

    def __init__(self, sock: socket.socket, version: str = "1.1") -> None:
        self.stream = Stream(sock)
        self._sock = sock
        self._version = version

    def send(self, request: Request) -> Answer:
        """One exchange."""
        head, body = self._encode(request)
        if not request.wait_for_continue:
            self._write(head + body)
            return self.receive(request.method)
        self._write(head)
        answer = self.receive(request.method, stop_at_interim=True)
        if answer.message is None and not answer.failure:
            self._write(body)
            interim = answer.interim
            answer = self.receive(request.method)
            answer.interim = interim + answer.interim
        return answer

    def send_raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self._write(data)

    def receive(self, method: str, *, stop_at_interim: bool = False) -> Answer:
        """The next response, with the interim ones before it."""
        answer = Answer()
        try:
            message = read_head(self.stream)
            while 100 <= message.status < 200 and message.status != 101:
                answer.interim.append(message.status)
                if stop_at_interim:
                    return answer
                message = read_head(self.stream)
            answer.message = message
            if method != "HEAD" and message.status not in (101, 204, 304):
                read_body(self.stream, message, until_close=True)
        except Ended as error:
            answer.failure = str(error)
        except TimeoutError:
            answer.failure = "nothing came"
        return answer

    def closes(self) -> bool:
        """Whether the proxy ends the connection without another byte."""
        self._sock.settimeout(CLOSE_PATIENCE_S)
        return self.stream.closes()

    def close(self) -> None:
        """Ends the connection."""
        self._sock.close()

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self._sock.sendall(data)

    def _encode(self, request: Request) -> tuple[bytes, bytes]:
        fields = [] if request.host is None else [("host", request.host)]
        fields += request.fields
        body = b""
        if request.chunks is not None:
            fields.append(("transfer-encoding", "chunked"))
            body = encode_chunks(request.chunks, request.trailers)
        elif request.body is not None:
            fields.append(("content-length", str(len(request.body))))
            body = request.body
        return encode_head(f"{request.method} {request.path} HTTP/{self._version}", fields), body


class Http2Client:
    """One HTTP/2 connection with prior knowledge."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._connection = ngh2.Connection(ngh2.Role.CLIENT)
        self._connection.initiate_connection({ngh2.Setting.INITIAL_WINDOW_SIZE: _WINDOW})

    def send(self, request: Request) -> Answer:
        """One exchange."""
        return self.send_all([request])[0]

    def send_all(self, requests: Sequence[Request]) -> list[Answer]:
        """Exchanges side by side on the one connection."""
        answers = {self._start(request): Answer() for request in requests}
        open_streams = set(answers)
        try:
            self._flush()
            while open_streams:
                data = self._sock.recv(65536)
                if not data:
                    raise Ended("connection ended")
                self._connection.receive_data(data)
                for event in self._connection.events():
                    self._take(event, answers, open_streams)
                self._flush()
        except (Ended, ConnectionError):
            for stream_id in open_streams:
                answers[stream_id].failure = "connection ended"
        except TimeoutError:
            for stream_id in open_streams:
                answers[stream_id].failure = "nothing came"
        return list(answers.values())

    def close(self) -> None:
        """Ends the connection."""
        self._sock.close()

    def _start(self, request: Request) -> int:
        fields = [(":method", request.method), (":scheme", request.scheme)]
        fields += [] if request.host is None else [(":authority", request.host)]
        fields += [] if request.path == "" else [(":path", request.path)]
        fields += request.fields
        pieces = request.chunks if request.chunks is not None else [request.body] if request.body else []
        if request.body is not None and request.chunks is None:
            fields.append(("content-length", str(len(request.body))))
        ends = not pieces and not request.trailers
        stream_id = self._connection.send_request(byte_fields(fields), end_stream=ends)
        for number, piece in enumerate(pieces, 1):
            last = number == len(pieces) and not request.trailers
            self._connection.send_data(stream_id, piece, end_stream=last)
        if request.trailers:
            self._connection.send_trailers(stream_id, byte_fields(request.trailers))
        return stream_id

    def _flush(self) -> None:
        while out := self._connection.data_to_send(65536):
            self._sock.sendall(out)

    def _take(self, event: ngh2.Event, answers: dict[int, Answer], open_streams: set[int]) -> None:
        if isinstance(event, ngh2.GoAwayReceived):
            for stream_id in list(open_streams):
                if stream_id > event.last_stream_id:
                    answers[stream_id].failure = f"goaway {event.error_code}"
                    open_streams.discard(stream_id)
            return
        answer = answers.get(getattr(event, "stream_id", 0))
        if answer is None:
            return
        take = _TAKERS.get(type(event))
        if take is not None:
            take(event, answer)
        if isinstance(event, ngh2.StreamClosed):
            open_streams.discard(event.stream_id)
        elif getattr(event, "end_stream", False) or isinstance(event, ngh2.TrailersReceived):
            # The end of the response is the end for the client, though the request may go on.
            open_streams.discard(event.stream_id)


def _take_response(event: ngh2.ResponseReceived, answer: Answer) -> None:
    fields = text_fields(event.headers)
    status = dict(fields)[":status"]
    answer.message = Message(f"HTTP/2 {status}", [pair for pair in fields if pair[0] != ":status"])


def _take_interim(event: ngh2.InformationalResponseReceived, answer: Answer) -> None:
    answer.interim.append(int(dict(text_fields(event.headers))[":status"]))


def _take_data(event: ngh2.DataReceived, answer: Answer) -> None:
    assert answer.message is not None
    answer.message.body += event.data


def _take_trailers(event: ngh2.TrailersReceived, answer: Answer) -> None:
    assert answer.message is not None
    answer.message.trailers = text_fields(event.headers)


def _take_reset(event: ngh2.StreamReset, answer: Answer) -> None:
    answer.failure = f"reset {event.error_code}"


_TAKERS: dict[type, Callable[..., None]] = {
    ngh2.ResponseReceived: _take_response,
    ngh2.InformationalResponseReceived: _take_interim,
    ngh2.DataReceived: _take_data,
    ngh2.TrailersReceived: _take_trailers,
    ngh2.StreamReset: _take_reset,
}
