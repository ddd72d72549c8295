"""HTTP under any chunking and any order of events: the same meaning, and nothing left behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import ngh2
import pytest
from httptools import HttpRequestParser, HttpResponseParser
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_transport import FakeTransport
from tests.support.h2_peer import GET, POST, H2Peer
from tests.support.http_bench import HttpBench, turn_the_monotonic_clock
from tests.support.turned_clock import TurnedClock
from tulle.proxy.http.connection_manager import ConnectionManager

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
RETRYING = {"retry_on": "5xx,reset,connect-failure", "num_retries": 2, "per_try_timeout": "2s"}


class Counting:
    """An access log that only counts."""

    def __init__(self) -> None:
        self.streams = 0

    def log(self, stream: Any) -> None:
        self.streams += 1


def noting(receive: Callable[..., None], errors: list[Exception]) -> Callable[..., None]:
    """Bytes that arrive, and what the proxy raises then, which no peer may hide."""

    def noted(transport: FakeTransport, data: bytes) -> None:
        try:
            receive(transport, data)
        except Exception as error:
            errors.append(error)
            raise

    return noted


@contextmanager
def benched() -> Iterator[HttpBench]:
    """A bench for one example."""
    with pytest.MonkeyPatch.context() as patch:
        clock = TurnedClock()
        turn_the_monotonic_clock(patch, clock)
        bench = HttpBench(Path("/nowhere"), clock)
        errors: list[Exception] = []
        patch.setattr(FakeTransport, "receive", noting(FakeTransport.receive, errors))
        yield bench
        bench.files.close()
        assert errors == [], "raised into the loop"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The pieces of `data` between these places."""
    bounds = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(bounds)]


class Host:
    """Answers every whole request at once, and remembers it."""

    def __init__(self, transport: FakeTransport, response: bytes) -> None:
        self.transport = transport
        self.response = response
        self.seen: list[tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]] = []
        self._parser = HttpRequestParser(self)
        self._read = 0
        self._whole = 0

    def on_message_begin(self) -> None:
        self._url, self._fields, self._body = b"", [], b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name != b"x-request-id":
            self._fields.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.seen.append((self._parser.get_method(), self._url, self._fields, self._body))
        self._whole += 1

    def answer(self) -> bool:
        """Whether there was anything to read."""
        data, self._read = self.transport.written[self._read :], len(self.transport.written)
        if data:
            self._parser.feed_data(data)
        whole, self._whole = self._whole, 0
        for _ in range(whole):
            if not self.transport.is_closing():
                self.transport.receive(self.response)
        return bool(data)


def converse(pieces: list[bytes]) -> tuple[bytes, list[Any]]:
    """What a client reads, and what hosts saw, when these pieces are sent."""
    with benched() as bench:
        client = bench.connect(bench.manager(access_log=[]))
        hosts: list[Host] = []

        def settle() -> None:
            busy = True
            while busy:
                for index in range(len(hosts), len(bench.connector.attempts)):
                    hosts.append(Host(bench.upstream(index), OK))
                progress = [host.answer() for host in hosts]
                busy = any(progress)
                bench.turn()

        for piece in pieces:
            if not client.reading:
                settle()
            if client.is_closing():
                break
            client.receive(piece)
        settle()
        lines = client.written.split(b"\r\n")
        told = b"\r\n".join(line for line in lines if not line.startswith((b"date: ", b"x-envoy-upstream")))
        client.reset()
        bench.turn(5.0)
        return told, [request for host in hosts for request in host.seen]


NAMES = st.sampled_from([b"x-a", b"X-B", b"accept", b"cookie", b"te", b"connection", b"x-envoy-internal"])
VALUES = st.sampled_from([b"", b"1", b"a b", b" padded\t ", b"trailers", b"x-a", b"keep-alive", b"\xff"])
BODIES = st.binary(max_size=40)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A valid request."""
    fields = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    head = b"".join(b"%b:%b\r\n" % field for field in [(b"Host", b" a.example "), *fields])
    framing, body = draw(st.sampled_from(["none", "length", "chunked"])), draw(BODIES)
    if framing == "none":
        return b"GET /p?q HTTP/1.1\r\n" + head + b"\r\n"
    if framing == "length":
        return b"POST /p HTTP/1.1\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    size = draw(st.integers(1, 20))
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%X;ext=1\r\n%b\r\n" % (len(part), part) for part in parts)
    trailers = draw(st.sampled_from([b"", b"x-t: 1\r\n"]))
    return (
        b"PUT /c HTTP/1.1\r\n" + head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n" + trailers + b"\r\n"
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(requests(), min_size=1, max_size=3), st.lists(st.integers(0, 2000), max_size=12))
def test_requests_mean_the_same_however_they_are_cut(sent: list[bytes], places: list[int]) -> None:
    data = b"".join(sent)
    told, seen = converse([data])
    assert converse(cut(data, places)) == (told, seen)
    assert len(seen) == len(sent)


@settings(max_examples=25, deadline=None)
@given(st.lists(requests(), min_size=1, max_size=2))
def test_requests_mean_the_same_byte_by_byte(sent: list[bytes]) -> None:
    data = b"".join(sent)
    assert converse([data[at : at + 1] for at in range(len(data))]) == converse([data])


WORDS = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /p HTTP/1.1\r\n",
        b"GET / HTTP/1.0\r\n",
        b"host: a\r\n",
        b"host: b\r\n",
        b"x: y \r\n",
        b"connection: close\r\n",
        b"connection: upgrade\r\nupgrade: websocket\r\n",
        b"content-length: 3\r\n",
        b"transfer-encoding: chunked\r\n",
        b"\r\n",
        b"\r\n",
        b"\r\n",
        b"abc",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"SM\r\n\r\n",
        b"\x00",
        b"P",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=14), st.lists(st.integers(0, 400), max_size=8))
def test_nonsense_means_the_same_however_it_is_cut(words: list[bytes], places: list[int]) -> None:
    data = b"".join(words)
    if not data or data.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        return
    assert converse(cut(data, places)) == converse([data])


# Responses.

STATUSES = st.sampled_from([b"200 OK", b"404 Not Found", b"204 No Content", b"304 Not Modified", b"500 Oops"])


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, bytes, bool]:
    """The method of a request, a valid response to it, and whether it ends with the connection."""
    method, status = draw(st.sampled_from([b"GET", b"GET", b"HEAD"])), draw(STATUSES)
    first = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nlink: a\r\n\r\n"]))
    fields = b"".join(b"%b:%b\r\n" % field for field in draw(st.lists(st.tuples(NAMES, VALUES), max_size=3)))
    head = first + b"HTTP/1.1 " + status + b"\r\n" + fields
    framing, body = draw(st.sampled_from(["length", "chunked", "close"])), draw(BODIES)
    bodiless = method == b"HEAD" or status[:3] in (b"204", b"304")
    if framing == "length":
        return method, head + b"content-length: %d\r\n\r\n" % len(body) + (b"" if bodiless else body), False
    if framing == "chunked" and status[:3] != b"204":
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        rest = b"" if bodiless else chunk + b"0\r\nx-t: 1\r\n\r\n"
        return method, head + b"transfer-encoding: chunked\r\n\r\n" + rest, False
    return method, head + b"\r\n" + (b"" if bodiless else body), not bodiless


class Reader:
    """A response as a client understands it."""

    def __init__(self, data: bytes, head_only: bool) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.whole = False
        parser = HttpResponseParser(self)
        head, _, body = data.partition(b"\r\n\r\n")
        parser.feed_data(head + b"\r\n\r\n" + (b"" if head_only else body))
        self.status = parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name not in (b"date", b"x-envoy-upstream-service-time"):
            self.fields.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True


def answered(method: bytes, pieces: list[bytes], close: bool) -> tuple[Any, ...]:
    """What a client reads of a response that comes in these pieces, and what became of the connection to the host."""
    with benched() as bench:
        client = bench.connect(bench.manager(access_log=[]), method + b" / HTTP/1.1\r\nhost: a\r\n\r\n")
        up = bench.upstream()
        for piece in pieces:
            if not up.is_closing():
                up.receive(piece)
        if close and not up.is_closing():
            up.receive_eof()
        closing = up.is_closing()
        bench.turn()
        found = Reader(client.written, method == b"HEAD")
        result = (found.status, found.fields, found.body, found.whole, closing, client.is_closing())
        client.reset()
        up.reset()
        bench.turn(5.0)
        assert bench.leftovers() == {}
        return result


@settings(max_examples=200, deadline=None)
@given(responses(), st.lists(st.integers(0, 2000), max_size=12))
def test_responses_mean_the_same_however_they_are_cut(response: tuple[bytes, bytes, bool], places: list[int]) -> None:
    method, data, close = response
    whole = answered(method, [data], close)
    assert answered(method, cut(data, places), close) == whole
    assert whole[5] is False


# Anything in any order.

KINDS = st.sampled_from(
    [
        "h1 client",
        "h2 client",
        "h1 request",
        "h1 request",
        "h1 upload",
        "h1 more",
        "h1 pipeline",
        "h2 request",
        "h2 request",
        "h2 upload",
        "h2 more",
        "h2 reset",
        "h2 goaway",
        "nonsense",
        "client gone",
        "client eof",
        "client slow",
        "client fast",
        "connected",
        "connected",
        "refused",
        "answer",
        "answer",
        "bad answer",
        "head",
        "piece",
        "host gone",
        "host eof",
        "host slow",
        "host fast",
        "host reset",
        "host goaway",
        "turn",
        "wait",
        "wait long",
        "new cluster",
        "drain",
    ]
)


class World:
    """Clients and hosts of both versions around one proxy; every step is allowed at any time."""

    def __init__(self, bench: HttpBench) -> None:
        self.bench = bench
        self.log = Counting()
        self.managers = [self._manager(cluster, bench) for cluster in ("c", "d")]
        self.clients: list[FakeTransport] = []
        self.peers: list[H2Peer] = []
        self.hosts: list[FakeTransport] = []
        self.h2_hosts: list[H2Peer] = []
        self.attempts = 0

    def _manager(self, cluster: str, bench: HttpBench) -> ConnectionManager:
        action = {"cluster": cluster, "timeout": "5s", "retry_policy": RETRYING, "idle_timeout": "4s"}
        manager = bench.manager(
            [{"match": {"prefix": "/"}, "route": action}],
            access_log=[],
            request_timeout="6s",
            request_headers_timeout="3s",
            stream_idle_timeout="7s",
            common_http_protocol_options={"idle_timeout": "20s", "max_stream_duration": "9s"},
        )
        manager.access_logs = (self.log,)  # type: ignore[assignment]
        return manager

    def step(self, kind: str, index: int) -> None:
        """One event; `index` chooses to whom it happens."""
        side, _, what = kind.partition(" ")
        if side == "h1":
            self._h1(what, index)
        elif side == "h2":
            with suppress(ngh2.NGH2Error):  # the peer was asked for something that it cannot do now
                self._h2(what, index)
        elif side == "client" or kind == "nonsense":
            self._client(what or kind, index)
        elif side in ("host", "answer", "bad", "head", "piece"):
            self._host(kind, index)
        else:
            self._other(kind, index)

    def _h1(self, what: str, index: int) -> None:
        if what == "client":
            self.clients.append(self.bench.connect(self.managers[index % 2]))
            return
        client = self._pick(self.clients, index)
        texts = {
            "request": b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "upload": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\nbody",
            "more": b"more",
            "pipeline": b"GET / HTTP/1.1\r\nhost: a\r\n\r\nPOST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nab",
        }
        if client is not None:
            client.receive(texts[what])

    def _h2(self, what: str, index: int) -> None:
        if what == "client":
            self.peers.append(self.bench.connect_h2(self.managers[index % 2]))
            self.clients.append(self.peers[-1].transport)
            return
        peer = self._pick_peer(self.peers, index)
        if peer is None:
            return
        last = max(1, peer.machine.next_stream_id - 2)
        if what == "request":
            peer.request(GET)
        elif what == "upload":
            peer.request(POST, b"x" * 1000, end=False)
        elif what == "more":
            peer.data(last, b"y" * 50_000, end=index % 2 == 0)
        elif what == "reset":
            peer.reset(last)
        else:
            peer.machine.send_goaway()
            peer.exchange()

    def _client(self, what: str, index: int) -> None:
        client = self._pick(self.clients, index)
        if client is None:
            return
        if what == "nonsense":
            client.receive(b"\xff" * 50)
        elif what == "gone":
            client.reset()
        elif what == "eof":
            client.receive_eof()
        elif what == "slow":
            client.protocol.pause_writing()
        else:
            client.protocol.resume_writing()

    def _host(self, kind: str, index: int) -> None:
        if self.h2_hosts and index % 2:
            with suppress(ngh2.NGH2Error):
                self._h2_host(kind, index // 2)
            return
        host = self._pick(self.hosts, index // 2)
        if host is None:
            return
        texts = {
            "answer": OK,
            "bad answer": b"HTTP/1.1 503 Bad\r\ncontent-length: 0\r\n\r\n",
            "head": b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n",
            "piece": b"four",
        }
        if kind in texts:
            host.receive(texts[kind])
        elif kind == "host eof":
            host.receive_eof()
        elif kind == "host slow":
            host.protocol.pause_writing()
        elif kind == "host fast":
            host.protocol.resume_writing()
        else:
            host.reset()

    def _h2_host(self, kind: str, index: int) -> None:
        host = self._pick_peer(self.h2_hosts, index)
        if host is None:
            return
        streams = host.requests()
        stream = streams[-1 - index % len(streams)] if streams else 1
        if kind in ("answer", "bad answer"):
            host.respond(stream, b"200" if kind == "answer" else b"503", b"hi" if index % 3 else None)
        elif kind == "head":
            host.respond(stream, body=b"x" * 100, end=False)
        elif kind == "piece":
            host.data(stream, b"y" * 60_000, end=index % 3 == 0)
        elif kind == "host reset":
            host.reset(stream, 7 if index % 2 else 2)
        elif kind == "host goaway":
            host.machine.send_goaway()
            host.exchange()
        elif kind == "host slow":
            host.transport.protocol.pause_writing()
        elif kind == "host fast":
            host.transport.protocol.resume_writing()
        elif kind == "host eof":
            host.transport.receive_eof()
        else:
            host.transport.reset()

    def _other(self, kind: str, index: int) -> None:
        bench = self.bench
        if kind in ("connected", "refused"):
            self._connect(kind == "connected", index)
        elif kind == "new cluster":
            bench.add_cluster("c", connect_timeout=f"{index + 1}s")
        elif kind == "drain":
            self.managers[index % 2].drain()
        else:
            bench.turn({"turn": 0.0, "wait": 0.3, "wait long": 3.0}[kind])

    def _connect(self, succeeds: bool, index: int) -> None:
        attempts = self.bench.connector.attempts
        if self.attempts >= len(attempts):
            return
        attempt = attempts[self.attempts]
        self.attempts += 1
        if attempt.cancelled:
            return
        if not succeeds:
            attempt.fail("refused", timed_out=index % 2 == 0)
            return
        transport = attempt.succeed()
        self.bench.transports.append(transport)
        if transport.protocol.protocol_name == "HTTP/2":
            peer = H2Peer.server({int(ngh2.Setting.MAX_CONCURRENT_STREAMS): 1 + index % 4})
            peer.attach(transport)
            peer.exchange()
            self.h2_hosts.append(peer)
        else:
            self.hosts.append(transport)

    @staticmethod
    def _pick(transports: list[FakeTransport], index: int) -> FakeTransport | None:
        alive = [transport for transport in transports if not transport.is_closing()]
        return alive[index % len(alive)] if alive else None

    @staticmethod
    def _pick_peer(peers: list[H2Peer], index: int) -> H2Peer | None:
        alive = [peer for peer in peers if not peer.transport.is_closing() and not peer.over]
        return alive[index % len(alive)] if alive else None

    def end(self) -> None:
        """Every client leaves, every host too."""
        while self.attempts < len(self.bench.connector.attempts):
            self._connect(False, self.attempts)
        for transport in list(self.bench.transports):
            transport.reset()
        self.bench.turn(1.0)
        while self.attempts < len(self.bench.connector.attempts):
            self._connect(False, self.attempts)
        self.bench.turn(30.0)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(KINDS, st.integers(0, 11)), max_size=45))
def test_nothing_is_left_behind_whatever_happens(steps: list[tuple[str, int]]) -> None:
    with benched() as bench:
        world = World(bench)
        for kind, index in [("h1 client", 0), ("h2 client", 1), ("h1 client", 1), ("h2 client", 0), *steps]:
            world.step(kind, index)
        world.end()
        assert bench.leftovers() == {}
        assert [manager.connections for manager in world.managers] == [0, 0]
        assert bench.closed == len(world.clients)
        assert world.log.streams == bench.http("downstream_rq_total")
        assert bench.runtime.dirty == []
        assert not bench.runtime.reading
