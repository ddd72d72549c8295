"""Filters and the bodies that pass them."""

from tests.support.http_bench import HttpBench, body_of, head_of
from tulle.proxy.http.filter_api import BUFFER, CONTINUE, PAUSE, HttpFilter, Verdict
from tulle.proxy.http.stream import Stream

POST = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
# Any message will do as the configuration of a filter: what stands behind it is the test's own.
FIRST = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
SECOND = "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"


class Whole(HttpFilter):
    """Wants whole bodies, and notes them."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.streams: list[Stream] = []
        self.verdict = CONTINUE

    def on_request_headers(self, stream: Stream, end: bool) -> Verdict:
        self.streams.append(stream)
        return BUFFER

    def on_request_body(self, stream: Stream, body: bytes) -> Verdict:
        self.bodies.append(body)
        return self.verdict

    def on_response_headers(self, stream: Stream, end: bool) -> Verdict:
        assert stream.response is not None
        return BUFFER if stream.response[b":status"] == b"200" else CONTINUE

    def on_response_body(self, stream: Stream, body: bytes) -> Verdict:
        self.bodies.append(body)
        assert stream.response is not None
        stream.response[b"x-size"] = b"%d" % len(body)
        return self.verdict


class Changing(HttpFilter):
    """Writes bodies in capitals, and keeps what begins with a dash for itself."""

    def on_request_data(self, stream: Stream, data: bytes, end: bool) -> Verdict | bytes:
        return PAUSE if data.startswith(b"-") else data.upper()

    def on_response_data(self, stream: Stream, data: bytes, end: bool) -> Verdict | bytes:
        if data.startswith(b"-"):
            stream.pass_response_data(self, data[1:], end)
            return PAUSE
        return data.upper()


CHUNKED = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def test_a_filter_may_ask_for_whole_bodies(bench: HttpBench) -> None:
    whole = bench.filters[FIRST] = Whole()
    client = bench.connect(bench.manager(), CHUNKED + b"2\r\non\r\n")
    client.receive(b"1\r\ne\r\n0\r\n\r\n")
    host = bench.upstream()
    host.receive(ANSWER + b"2\r\ntw\r\n")
    assert not client.written
    host.receive(b"1\r\no\r\n0\r\n\r\n")
    assert whole.bodies == [b"one", b"two"]
    assert head_of(client.written)[1][b"x-size"] == b"3"
    assert b"two" in body_of(client.written)


def test_a_whole_body_may_wait_longer(bench: HttpBench) -> None:
    whole = bench.filters[FIRST] = Whole()
    whole.verdict = PAUSE
    client = bench.connect(bench.manager(), POST)
    assert not bench.connector.attempts
    whole.streams[0].resume_request()
    host = bench.upstream()
    assert body_of(host.written) == b"body"
    host.receive(OK)
    assert not client.written
    whole.streams[0].resume_response()
    assert body_of(client.written) == b"hi"


def test_bodies_beyond_the_limit_are_refused(bench: HttpBench) -> None:
    bench.filters[FIRST] = Whole()
    manager = bench.manager()
    manager.buffer_limit = 3
    client = bench.connect(manager, POST)
    assert head_of(client.written)[0] == b"HTTP/1.1 413 Payload Too Large"
    client = bench.connect(manager, POST.replace(b"4", b"1")[:-3])
    bench.upstream().receive(ANSWER + b"4\r\nlong\r\n")
    assert head_of(client.written)[0] == b"HTTP/1.1 500 Internal Server Error"
    assert body_of(client.written) == b"Internal Server Error"
    assert [line.split()[3:5] for line in bench.log] == [
        ["413", "request_payload_too_large"],
        ["500", "response_payload_too_large"],
    ]
    assert (bench.http("downstream_rq_too_large"), bench.http("rs_too_large")) == (1, 1)


def test_bodies_may_be_changed_and_kept_and_given_on(bench: HttpBench) -> None:
    changing = bench.filters[FIRST] = Changing()
    seen: list[Stream] = []

    class First(HttpFilter):
        def on_request_headers(self, stream: Stream, end: bool) -> Verdict:
            seen.append(stream)
            return CONTINUE

    bench.filters[SECOND] = First()
    client = bench.connect(bench.manager(), CHUNKED + b"3\r\none\r\n")
    host = bench.upstream()
    client.receive(b"2\r\n-x\r\n")
    seen[0].pass_request_data(changing, b"kept", False)
    bench.turn()
    assert (b"ONE" in host.written, b"-x" in host.written.lower(), b"kept" in host.written) == (True, False, True)
    client.receive(b"0\r\n\r\n")
    host.receive(ANSWER + b"3\r\ntwo\r\n3\r\n-on\r\n0\r\n\r\n")
    assert b"TWO" in client.written
    assert b"\r\non\r\n" in client.written


def test_filters_note_things_for_one_stream(bench: HttpBench) -> None:
    whole = bench.filters[FIRST] = Whole()
    bench.connect(bench.manager(), POST)
    stream = whole.streams[0]
    stream.note(whole, 1)
    stream.set_metadata("a", {"x": 1})
    stream.set_metadata("a", {"y": 2})
    assert stream.notes == {whole: 1}
    assert stream.metadata == {"a": {"x": 1, "y": 2}}


class Late(HttpFilter):
    """Stops every request until it is told to go on."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []

    def on_request_headers(self, stream: Stream, end: bool) -> Verdict:
        self.streams.append(stream)
        return PAUSE


def test_what_came_while_the_chain_stood_belongs_to_the_whole_body(bench: HttpBench) -> None:
    late = bench.filters[FIRST] = Late()
    whole = bench.filters[SECOND] = Whole()
    client = bench.connect(bench.manager(), CHUNKED + b"3\r\none\r\n")
    late.streams[0].resume_request()
    assert not bench.connector.attempts
    client.receive(b"3\r\ntwo\r\n0\r\n\r\n")
    bench.upstream()
    assert whole.bodies == [b"onetwo"]
    bench.connect(bench.manager(), POST)
    late.streams[1].resume_request()
    assert whole.bodies[1:] == [b"body"]


def test_what_came_while_the_chain_stood_counts_against_the_limit(bench: HttpBench) -> None:
    late = bench.filters[FIRST] = Late()
    bench.filters[SECOND] = Whole()
    manager = bench.manager()
    manager.buffer_limit = 2
    client = bench.connect(manager, CHUNKED + b"3\r\none\r\n")
    late.streams[0].resume_request()
    assert head_of(client.written)[0] == b"HTTP/1.1 413 Payload Too Large"
