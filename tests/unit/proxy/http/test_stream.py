"""A stream and the filters that it runs through."""

from tests.support.h2_peer import GET as H2_GET
from tests.support.h2_peer import POST as H2_POST
from tests.support.http_bench import HttpBench, body_of, head_of
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import CONTINUE, PAUSE, HttpFilter, Verdict
from tulle.proxy.http.stream import Stream
from tulle.proxy.telemetry.response_flags import ResponseFlag

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
# Any message will do as the configuration of a filter: what stands behind it is the test's own.
FIRST = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
SECOND = "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"


class Recorder(HttpFilter):
    """Notes every call; pauses where it is told to."""

    def __init__(self, calls: list[str], name: str, pause: str = "") -> None:
        self.calls = calls
        self.label = name
        self.pause = pause
        self.streams: list[Stream] = []

    def _note(self, what: str) -> Verdict:
        self.calls.append(f"{self.label} {what}")
        return PAUSE if what.split()[0] == self.pause else CONTINUE

    def on_request_headers(self, stream: Stream, end: bool) -> Verdict:
        self.streams.append(stream)
        return self._note("request" + " end" * end)

    def on_request_data(self, stream: Stream, data: bytes, end: bool) -> Verdict:
        return self._note(f"data {data.decode()}" + " end" * end)

    def on_request_trailers(self, stream: Stream, trailers: Headers) -> Verdict:
        return self._note("trailers")

    def on_response_headers(self, stream: Stream, end: bool) -> Verdict:
        return self._note("response" + " end" * end)

    def on_response_data(self, stream: Stream, data: bytes, end: bool) -> Verdict:
        return self._note(f"answer {data.decode()}" + " end" * end)

    def on_response_trailers(self, stream: Stream, trailers: Headers) -> Verdict:
        return self._note("late")

    def on_stream_end(self, stream: Stream) -> None:
        self._note("over")


def recording(bench: HttpBench, pause: str = "") -> tuple[Recorder, Recorder, list[str]]:
    """Two filters before the router; the first may pause."""
    calls: list[str] = []
    first, second = Recorder(calls, "a", pause), Recorder(calls, "b")
    bench.filters[FIRST], bench.filters[SECOND] = first, second
    return first, second, calls


def test_filters_see_requests_in_order_and_responses_in_reverse(bench: HttpBench) -> None:
    _, _, calls = recording(bench)
    bench.connect(bench.manager(), POST)
    bench.upstream().receive(OK)
    assert calls[:2] == ["a request", "b request"]
    assert [call for call in calls if "data body" in call] == ["a data body", "b data body"]
    assert [call for call in calls if "response" in call] == ["b response", "a response"]
    assert [call for call in calls if "answer hi" in call] == ["b answer hi end", "a answer hi end"]
    assert calls[-2:] == ["a over", "b over"]


def test_trailers_pass_the_filters_both_ways(bench: HttpBench) -> None:
    _, _, calls = recording(bench)
    peer = bench.connect_h2(bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "d"}}]))
    stream = peer.request(H2_POST, b"x", end=False)
    peer.trailers(stream, [(b"x-t", b"1")])
    host = bench.upstream_h2()
    host.respond(1, body=b"y", end=False)
    host.trailers(1, [(b"x-r", b"2")])
    assert [call for call in calls if call.endswith(("trailers", "late"))] == [
        "a trailers",
        "b trailers",
        "b late",
        "a late",
    ]


def test_a_paused_request_waits_with_its_body(bench: HttpBench) -> None:
    first, _, calls = recording(bench, pause="request")
    client = bench.connect(bench.manager(), POST)
    assert bench.connector.attempts == []
    assert not client.reading
    assert calls == ["a request"]
    first.streams[0].resume_request()
    assert client.reading
    assert body_of(bench.upstream().written) == b"body"


def test_a_paused_request_without_body_goes_on_too(bench: HttpBench) -> None:
    first, _, calls = recording(bench, pause="request")
    bench.connect(bench.manager(), GET)
    first.streams[0].resume_request()
    assert calls == ["a request end", "b request end"]
    assert head_of(bench.upstream().written)[0] == b"GET / HTTP/1.1"


def test_a_paused_request_whose_client_leaves_does_not_go_on(bench: HttpBench) -> None:
    first, _, calls = recording(bench, pause="request")
    client = bench.connect(bench.manager(), GET)
    client.reset()
    first.streams[0].resume_request()
    assert bench.connector.attempts == []
    assert calls == ["a request end", "a over", "b over"]
    assert bench.leftovers() == {}


def test_a_paused_response_waits_with_its_body(bench: HttpBench) -> None:
    first, _, _ = recording(bench, pause="response")
    client = bench.connect(bench.manager(), GET)
    bench.upstream().receive(OK)
    bench.turn()
    assert client.written == b""
    first.streams[0].resume_response()
    assert body_of(client.written) == b"hi"
    assert bench.log[0].split()[3] == "200"


def test_a_paused_response_without_body_goes_on_too(bench: HttpBench) -> None:
    first, _, _ = recording(bench, pause="response")
    client = bench.connect(bench.manager(), GET)
    bench.upstream().receive(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    assert client.written == b""
    first.streams[0].resume_response()
    line, fields = head_of(client.written)
    assert (line, fields[b"content-length"]) == (b"HTTP/1.1 200 OK", b"0")
    assert len(bench.log) == 1


class Denying(HttpFilter):
    """Answers by itself."""

    def on_request_headers(self, stream: Stream, end: bool) -> Verdict:
        return stream.reply(403, b"denied", "rbac_access_denied", ResponseFlag.UNAUTHORIZED_EXTERNAL_SERVICE)


def test_a_filter_that_answers_ends_the_way_up(bench: HttpBench) -> None:
    _, _, calls = recording(bench)
    bench.filters = {FIRST: Denying(), SECOND: bench.filters[SECOND]}
    client = bench.connect(bench.manager(), GET)
    assert head_of(client.written)[0] == b"HTTP/1.1 403 Forbidden"
    assert body_of(client.written) == b"denied"
    assert bench.connector.attempts == []
    assert calls == ["b response", "b answer denied end", "b over"]
    assert bench.log == ["GET / HTTP/1.1 403 rbac_access_denied UAEX 0 6 - -"]


class Renaming(HttpFilter):
    """Changes headers both ways, and the path, after which the route is looked for again."""

    def on_request_headers(self, stream: Stream, end: bool) -> Verdict:
        stream.request[b":path"] = b"/other"
        stream.manager.match_again(stream)
        return CONTINUE

    def on_response_headers(self, stream: Stream, end: bool) -> Verdict:
        assert stream.response is not None
        stream.response[b"x-filter"] = b"1"
        return CONTINUE


def test_a_filter_may_change_headers_and_route(bench: HttpBench) -> None:
    bench.filters[FIRST] = Renaming()
    routes = [
        {"match": {"prefix": "/other"}, "route": {"cluster": "c"}},
        {"match": {"prefix": "/"}, "direct_response": {"status": 500}},
    ]
    client = bench.connect(bench.manager(routes), GET)
    up = bench.upstream()
    assert head_of(up.written)[0] == b"GET /other HTTP/1.1"
    up.receive(OK)
    assert head_of(client.written)[1][b"x-filter"] == b"1"


def test_an_answer_that_comes_after_the_response_began_cuts_it(bench: HttpBench) -> None:
    first, _, _ = recording(bench)
    client = bench.connect(bench.manager(), GET)
    bench.upstream().receive(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na")
    first.streams[0].reply(500, b"late", "late")
    assert client.is_closing()
    assert client.written.endswith(b"\r\n\r\na")
    assert bench.http("downstream_rq_tx_reset") == 1
    bench.turn()
    assert bench.leftovers() == {}


def test_an_ended_stream_hears_nothing_more(bench: HttpBench) -> None:
    first, _, calls = recording(bench)
    bench.connect(bench.manager(), GET)
    bench.upstream().receive(OK)
    (stream,) = first.streams
    before = len(calls)
    stream.reply(500)
    stream.reset()
    stream.finish()
    stream.resume_request()
    stream.resume_response()
    stream.on_idle_timeout()
    stream.on_max_duration()
    stream.on_request_timeout()
    stream.on_client_gone(0, "")
    assert len(calls) == before
    assert len(bench.log) == 1


# The whole takes too long.


def test_a_stream_may_not_last_longer_than_it_may(bench: HttpBench) -> None:
    manager = bench.manager(common_http_protocol_options={"max_stream_duration": "5s"})
    client = bench.connect(manager, GET)
    up = bench.upstream()
    bench.turn(4.9)
    assert client.written == b""
    bench.turn(0.2)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    assert body_of(client.written) == b"downstream duration timeout"
    assert up.aborted
    assert bench.log[0].split()[4:6] == ["max_duration_timeout", "DT"]
    assert bench.http("downstream_rq_max_duration_reached") == 1
    client.reset()
    bench.turn()
    assert bench.leftovers() == {}


def test_a_request_that_takes_too_long_gets_408(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(request_timeout="5s"), POST[:-1])
    up = bench.upstream()
    bench.turn(5.1)
    assert head_of(client.written)[0] == b"HTTP/1.1 408 Request Timeout"
    assert body_of(client.written) == b"request timeout"
    assert up.aborted
    assert bench.log[0].split()[4] == "request_overall_timeout"
    assert bench.http("downstream_rq_timeout") == 1


def test_a_request_in_time_is_not_timed_out_by_its_response(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(request_timeout="5s"), POST)
    up = bench.upstream()
    bench.turn(6.0)
    assert client.written == b""
    up.receive(OK)
    assert client.written.endswith(b"hi")
    client.reset()
    up.reset()
    assert bench.leftovers() == {}


def test_a_host_that_answers_too_late_is_not_heard(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(common_http_protocol_options={"max_stream_duration": "5s"}), GET)
    up = bench.upstream()
    bench.clock.turn(5.1)
    written = client.written
    assert written.startswith(b"HTTP/1.1 504")
    up.receive(OK)
    assert client.written == written


def test_what_moved_is_counted_for_the_log(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    stream = peer.request(H2_POST, b"abc", end=False)
    up = bench.upstream()
    peer.data(stream, b"defg", end=True)
    up.receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
    assert bench.log[0].split()[6:8] == ["7", "5"]
    assert peer.request(H2_GET) == stream + 2


# What a route says of time.


def timed(**action: str) -> list[dict[str, object]]:
    return [{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s", **action}}]


def test_a_route_may_let_streams_stand_still_for_longer_or_shorter(bench: HttpBench) -> None:
    short = bench.connect(bench.manager(timed(idle_timeout="2s"), stream_idle_timeout="10s"), GET)
    long = bench.connect(bench.manager(timed(idle_timeout="20s"), stream_idle_timeout="10s"), GET)
    never = bench.connect(bench.manager(timed(idle_timeout="0s"), stream_idle_timeout="10s"), GET)
    bench.turn(2.1)
    assert head_of(short.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    bench.turn(10.0)
    assert (long.written, never.written) == (b"", b"")
    bench.turn(8.0)
    assert head_of(long.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    bench.turn(100.0)
    assert never.written == b""
    assert [line.split()[4:6] for line in bench.log] == [["stream_idle_timeout", "SI"]] * 2


def test_bytes_give_the_whole_time_again(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(timed(idle_timeout="2s")), GET)
    up = bench.upstream()
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n")
    for byte in (b"a", b"b", b"c"):
        bench.turn(1.5)
        up.receive(byte)
    bench.turn(1.5)
    assert not client.is_closing()
    bench.turn(0.6)
    assert client.is_closing()


def test_a_route_may_limit_the_whole(bench: HttpBench) -> None:
    routes = [
        {"match": {"prefix": "/"}, "route": {"cluster": "c", "max_stream_duration": {"max_stream_duration": "3s"}}}
    ]
    client = bench.connect(bench.manager(routes, common_http_protocol_options={"max_stream_duration": "1s"}), GET)
    up = bench.upstream()
    bench.turn(2.9)
    assert client.written == b""
    bench.turn(0.2)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    assert bench.log[0].split()[4] == "max_duration_timeout"
    client.reset()
    up.reset()
    bench.turn()
    assert bench.leftovers() == {}
