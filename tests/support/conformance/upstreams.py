"""Servers that proxies are pointed at: each has a name, notes what it saw and answers as the request asks."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.conformance.replies import Reply, has_body, plan_reply
from tests.support.conformance.upstream_h2 import serve_h2
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

HTTP1 = ("a", "b", "c", "d")
HTTP2 = ("h2a", "h2b")
TCP = ("tcp1", "tcp2", "tcp3")
_PATIENCE_S = 30.0


@dataclass
class Seen:
    """One request, or one TCP connection, as an upstream saw it."""

    upstream: str
    version: str
    method: str = ""
    path: str = ""
    fields: Fields = field(default_factory=list)
    body: bytes = b""
    trailers: Fields = field(default_factory=list)
    ended: bool = False


Serve = Callable[[str, socket.socket, Callable[[Seen], None]], None]


class Upstreams:
    """A set of servers on loopback, each on a port of its own; `ports` tells which.

    a b c d speak HTTP/1.1, h2a h2b HTTP/2 with prior knowledge, tcp1 tcp2 tcp3 echo bytes, closer ends each connection
    at once, refuse has nobody listening, and full never completes a connection.
    """

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self._seen: list[Seen] = []
        self._selector = selectors.DefaultSelector()
        self._open: set[socket.socket] = set()
        self._held: list[socket.socket] = []
        self._stop_reading, self._stop_writing = socket.socketpair()
        self._selector.register(self._stop_reading, selectors.EVENT_READ, None)
        for name in HTTP1:
            self.add(name, serve_h1)
        for name in HTTP2:
            self.add(name, _serve_h2)
        for name in TCP:
            self.add(name, serve_tcp)
        self.add("closer", lambda name, sock, note: None)
        self._hold_refusing()
        self._hold_full()
        self._thread = threading.Thread(target=self._accept, name="upstreams", daemon=True)
        self._thread.start()

    def add(self, name: str, serve: Serve | None = None) -> int:
        """One more server (HTTP/1.1 unless told otherwise); its port."""
        sock = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.ports[name] = sock.getsockname()[1]
        self._selector.register(sock, selectors.EVENT_READ, (name, serve or serve_h1))
        self._held.append(sock)
        return self.ports[name]

    def take_seen(self) -> list[Seen]:
        """What was seen since the last call."""
        seen, self._seen = self._seen, []
        return seen

    def close(self) -> None:
        """Ends all servers and their connections."""
        self._stop_writing.send(b".")
        self._thread.join()
        for sock in [*self._open, *self._held, self._stop_reading, self._stop_writing]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._selector.close()

    def _accept(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                name, serve = key.data
                sock, _ = key.fileobj.accept()  # type: ignore[union-attr]
                threading.Thread(target=self._serve, args=(name, serve, sock), daemon=True).start()

    def _serve(self, name: str, serve: Serve, sock: socket.socket) -> None:
        self._open.add(sock)
        sock.settimeout(_PATIENCE_S * 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(Ended, OSError):
            serve(name, sock, self._seen_now)
        self._open.discard(sock)
        sock.close()

    def _seen_now(self, seen: Seen) -> None:
        self._seen.append(seen)

    def _hold_refusing(self) -> None:
        """A port that is taken but on which nobody listens."""
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        self.ports["refuse"] = sock.getsockname()[1]
        self._held.append(sock)

    def _hold_full(self) -> None:
        """A port whose queue is full, so that the kernel drops every further attempt."""
        server = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.ports["full"] = server.getsockname()[1]
        self._held.append(server)
        for _ in range(3):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            self._held.append(client)


def serve_h1(name: str, sock: socket.socket, note: Callable[[Seen], None]) -> None:
    """HTTP/1.1 until somebody closes."""
    stream = Stream(sock)
    while True:
        message = read_head(stream)
        method, path, version = message.start.split(" ", 2)
        seen = Seen(name, version.removeprefix("HTTP/"), method, path, message.fields)
        note(seen)
        if message.value("expect").lower() == "100-continue":
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        read_body(stream, message, until_close=False)
        seen.body, seen.trailers, seen.ended = message.body, message.trailers, True
        reply = plan_reply(name, message)
        time.sleep(reply.delay_s)
        if not _send_h1(sock, method, reply) or message.value("connection").lower() == "close":
            return


def _send_h1(sock: socket.socket, method: str, reply: Reply) -> bool:
    """Answers; whether the connection goes on."""
    if reply.reset == "before":
        return False
    if reply.raw is not None:
        sock.sendall(reply.raw)
        return False
    if reply.hints:
        sock.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n")
    fields, body = _frame_h1(method, reply)
    if reply.close:
        fields.append(("connection", "close"))
    head = encode_head(f"HTTP/1.1 {reply.status} Whatever", fields)
    if reply.reset == "middle":
        sock.sendall(head + body[: len(body) // 2])
        return False
    sock.sendall(head + body)
    return not (reply.close or reply.until_close)


def _frame_h1(method: str, reply: Reply) -> tuple[Fields, bytes]:
    """Headers and bytes of the body."""
    fields = list(reply.fields)
    if not has_body(method, reply.status):
        if reply.status >= 200 and reply.status != 204:
            fields.append(("content-length", str(len(reply.body))))
        return fields, b""
    if reply.chunked:
        middle = len(reply.body) // 2
        chunks = [reply.body[:middle], reply.body[middle:]]
        return [*fields, ("transfer-encoding", "chunked")], encode_chunks(chunks, reply.trailers)
    if not reply.until_close:
        fields.append(("content-length", str(len(reply.body))))
    return fields, reply.body


def _serve_h2(name: str, sock: socket.socket, note: Callable[[Seen], None]) -> None:
    def begin(message: Message) -> Seen:
        method, path, _ = message.start.split(" ", 2)
        seen = Seen(name, "2", method, path, message.fields)
        note(seen)
        return seen

    serve_h2(name, sock, begin)


def serve_tcp(name: str, sock: socket.socket, note: Callable[[Seen], None]) -> None:
    """Echoes bytes; says goodbye when the peer has finished sending."""
    seen = Seen(name, "tcp")
    note(seen)
    while data := sock.recv(65536):
        seen.body += data
        sock.sendall(data)
    seen.ended = True
    sock.sendall(b"<end>")
