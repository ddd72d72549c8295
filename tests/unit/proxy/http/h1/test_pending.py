"""What a connection keeps of requests whose turn has not come, and of those that could not be read."""

from tests.support.http_bench import HttpBench, body_of, head_of
from tulle.proxy.headers import Headers
from tulle.proxy.http.h1.pending import TRAILERS, Waiting, refused
from tulle.proxy.router.inline_headers import OF_REQUESTS


def test_a_request_waits_with_what_came_of_it() -> None:
    waiting = Waiting(Headers({b":path": b"/"}), http10=True, keep_alive=False, upgrade=False)
    waiting.parts.append(b"ab")
    assert (waiting.http10, waiting.keep_alive, waiting.complete, waiting.parts) == (True, False, False, [b"ab"])


def test_trailers_leave_nothing_behind() -> None:
    for number in range(100):
        name = b"x-%d" % number
        assert name in TRAILERS
        TRAILERS.gather(name, b"v", OF_REQUESTS)
    assert list(TRAILERS.fields()) == []


def test_bytes_that_are_no_request_are_answered_counted_and_told_apart(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"")
    stream, data = refused(client.protocol, (431, b"Too much", "http1.headers_too_large"))
    status, fields = head_of(data)
    assert (status, fields[b"connection"], body_of(data)) == (
        b"HTTP/1.1 431 Request Header Fields Too Large",
        b"close",
        b"Too much",
    )
    assert (stream.response_code_details, stream.bytes_sent) == ("http1.headers_too_large", 8)
    assert bench.http("downstream_rq_total") == 1
    assert bench.http("downstream_rq_http1_total") == 1
