"""Our HTTP/1 connection to a host: what it is told, what it makes of the answers, when it is used again."""

import pytest

from tests.support.fake_transport import FakeTransport
from tests.support.h2_peer import POST
from tests.support.http_bench import HttpBench, body_of, head_of

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


def asked(bench: HttpBench, request: bytes = GET) -> tuple[FakeTransport, FakeTransport]:
    """A client that asked, and the connection to the host on which its request went."""
    client = bench.connect(bench.manager(), request)
    return client, bench.upstream()


def asks_again(bench: HttpBench) -> bool:
    """Whether the next request makes a connection of its own."""
    before = len(bench.connector.attempts)
    bench.connect(bench.manager(), GET)
    return len(bench.connector.attempts) > before


def test_a_request_is_written_with_its_host_first(bench: HttpBench) -> None:
    _, up = asked(bench, b"GET /p?q=1 HTTP/1.1\r\nx-a: 1\r\nHost: b.example\r\nX-B: 2\r\n\r\n")
    lines = up.written.split(b"\r\n")
    assert lines[:4] == [b"GET /p?q=1 HTTP/1.1", b"host: b.example", b"x-a: 1", b"x-b: 2"]


@pytest.mark.parametrize(
    ("request_head", "framing"),
    [
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", {}),
        (b"POST / HTTP/1.1\r\nhost: a\r\n\r\n", {b"content-length": b"0"}),
        (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n", {b"content-length": b"0"}),
        (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n", {b"content-length": b"2"}),
        (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", {b"transfer-encoding": b"chunked"}),
    ],
)
def test_the_length_of_a_request_is_told(bench: HttpBench, request_head: bytes, framing: dict[bytes, bytes]) -> None:
    _, up = asked(bench, request_head)
    _, fields = head_of(up.written)
    names = (b"content-length", b"transfer-encoding")
    assert {name: fields[name] for name in names if name in fields} == framing


def test_a_body_without_length_goes_in_chunks(bench: HttpBench) -> None:
    client, up = asked(bench, b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
    client.receive(b"3\r\nabc\r\n")
    client.receive(b"4000\r\n" + b"x" * 0x4000 + b"\r\n0\r\n\r\n")
    assert body_of(up.written) == b"3\r\nabc\r\n4000\r\n" + b"x" * 0x4000 + b"\r\n0\r\n\r\n"


def test_trailers_of_http_2_end_a_chunked_body(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    stream = peer.request(POST, b"abc", end=False)
    up = bench.upstream()
    peer.trailers(stream, [(b"x-t", b"1")])
    assert body_of(up.written) == b"3\r\nabc\r\n0\r\n\r\n"


def test_a_connection_is_used_again(bench: HttpBench) -> None:
    _, up = asked(bench)
    up.receive(OK)
    assert not asks_again(bench)
    assert up.written.count(b"GET /") == 2


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",
    ],
)
def test_a_host_that_wants_to_close_is_not_asked_again(bench: HttpBench, response: bytes) -> None:
    client, up = asked(bench)
    up.receive(response)
    assert up.is_closing()
    assert asks_again(bench)
    assert bench.of("c", "upstream_cx_close_notify") == 1
    assert body_of(client.written) == b"hi"
    assert not client.is_closing()


def test_a_connection_ends_with_the_last_of_so_many_requests(bench: HttpBench) -> None:
    bench.add_cluster("c", max_requests_per_connection=2)
    _, up = asked(bench)
    up.receive(OK)
    assert not asks_again(bench)
    up.receive(OK)
    assert up.is_closing()
    assert bench.of("c", "upstream_cx_max_requests") == 1
    assert asks_again(bench)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_statuses_have_no_body(bench: HttpBench, status: bytes) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 " + status + b"\r\n\r\n")
    line, fields = head_of(client.written)
    assert line == b"HTTP/1.1 " + status
    assert {b"content-length", b"transfer-encoding"}.isdisjoint(fields)
    assert not asks_again(bench)


def test_the_response_to_head_has_no_body_whatever_it_says(bench: HttpBench) -> None:
    client, up = asked(bench, b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
    assert head_of(client.written)[1][b"content-length"] == b"5"
    assert not asks_again(bench)
    up.receive(OK)
    assert bench.transports[2].written.endswith(b"hi")


def test_a_body_behind_the_response_to_head_ends_the_connection(bench: HttpBench) -> None:
    client, up = asked(bench, b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")
    up.receive(OK)
    assert head_of(client.written)[0] == b"HTTP/1.1 200 OK"
    assert up.is_closing()
    assert asks_again(bench)
    assert bench.of("c", "upstream_cx_protocol_error") == 1


def test_informational_responses_are_passed_over(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK)
    assert client.written.count(b"HTTP/1.1 ") == 1
    assert body_of(client.written) == b"hi"
    assert not asks_again(bench)


def test_a_body_may_end_with_the_connection(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 200 OK\r\n\r\nabc")
    up.receive(b"def")
    up.receive_eof()
    bench.turn()
    assert head_of(client.written)[1][b"transfer-encoding"] == b"chunked"
    assert body_of(client.written) == b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
    assert not client.is_closing()
    assert bench.log[0].split()[3:6] == ["200", "via_upstream", "-"]


def test_a_body_that_may_end_with_the_connection_does_not_end_with_its_reset(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 200 OK\r\n\r\nabc")
    up.reset()
    assert not client.written.endswith(b"0\r\n\r\n")
    assert client.is_closing()


@pytest.mark.parametrize(
    ("cut", "flags", "reason"),
    [
        (b"", "UC", "connection_termination"),
        (b"HTTP/1.1 200 OK\r\ncont", "UC", "connection_termination"),
    ],
)
def test_a_host_that_closes_before_the_headers_gives_503(bench: HttpBench, cut: bytes, flags: str, reason: str) -> None:
    client, up = asked(bench)
    if cut:
        up.receive(cut)
    up.receive_eof()
    bench.turn()
    text = b"upstream connect error or disconnect/reset before headers. reset reason: connection termination"
    assert head_of(client.written)[0] == b"HTTP/1.1 503 Service Unavailable"
    assert body_of(client.written) == text
    details = f"upstream_reset_before_response_started{{{reason}}}"
    assert bench.log == [f"GET / HTTP/1.1 503 {details} {flags} 0 {len(text)} 127.0.0.1:8080 c"]
    assert bench.of("c", "upstream_cx_destroy_remote_with_active_rq") == 1
    assert not client.is_closing()


def test_a_response_that_is_none_gives_502(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"nonsense\r\n\r\n")
    assert head_of(client.written)[0] == b"HTTP/1.1 502 Bad Gateway"
    bench.turn()
    assert up.aborted
    assert bench.log[0].split()[4:6] == ["upstream_reset_before_response_started{protocol_error}", "UPE"]
    assert bench.of("c", "upstream_cx_protocol_error") == 1
    assert bench.of("c", "upstream_cx_destroy_local_with_active_rq") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"200 OK\r\ntransfer-encoding: gzip, chunked\r\n",
        b"200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        b"200 OK\r\ntransfer-encoding: gzip\r\n",
        b"200 OK\r\ntransfer-encoding: identity\r\n",
        b"204 No Content\r\ncontent-length: 2\r\n",
        b"204 No Content\r\ntransfer-encoding: chunked\r\n",
        b"103 Early Hints\r\ncontent-length: 2\r\n",
        b"103 Early Hints\r\ntransfer-encoding: chunked\r\n",
        b"099 Low\r\ncontent-length: 2\r\n",
        b"200 OK\r\n" + b"x: y\r\n" * 101,
        b"200 OK\r\n" + b"".join(b"x%d: y\r\n" % index for index in range(101)),
        b"200 OK\r\ncontent-length: 0\r\nx: " + b"y" * 82_000 + b"\r\n",
    ],
)
def test_a_head_that_breaks_the_rules_gives_502(bench: HttpBench, head: bytes) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 " + head + b"\r\n2\r\nhi\r\n0\r\n\r\n")
    assert head_of(client.written)[0] == b"HTTP/1.1 502 Bad Gateway"
    assert bench.log[0].split()[4:6] == ["upstream_reset_before_response_started{protocol_error}", "UPE"]
    assert up.aborted
    assert bench.of("c", "upstream_cx_protocol_error") == 1
    bench.turn()
    assert bench.leftovers() == {"http.t.downstream_cx_active": 1, "http.t.downstream_cx_http1_active": 1}


def test_switching_protocols_unasked_is_a_protocol_error(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nxyz")
    assert head_of(client.written)[0] == b"HTTP/1.1 502 Bad Gateway"
    assert up.aborted


def test_a_chunked_body_that_breaks_cuts_the_response(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n")
    up.receive(b"nonsense")
    assert client.is_closing()
    assert not client.written.endswith(b"0\r\n\r\n")
    bench.turn()
    assert bench.log[0].split()[4:6] == ["upstream_reset_after_response_started{protocol_error}", "UPE"]


def test_bytes_that_nobody_asked_for_end_an_idle_connection(bench: HttpBench) -> None:
    _, up = asked(bench)
    up.receive(OK)
    up.receive(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert up.is_closing()
    assert asks_again(bench)


def test_a_second_response_behind_the_first_is_nobodys(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
    assert client.written.endswith(b"hi")
    assert up.is_closing()
    assert asks_again(bench)


def test_trailers_of_a_response_are_dropped(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    stream = peer.request()
    bench.upstream().receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx-t: 1\r\n\r\n")
    assert peer.body(stream) == b"ab"
    assert peer.ended(stream)
    assert not any(name == b"x-t" for event in peer.events for name, _ in getattr(event, "headers", ()))


def test_a_head_without_end_gives_502(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 200 OK\r\nx: ")
    for _ in range(10):
        assert not up.aborted
        up.receive(b"y" * 8192)
    assert up.aborted
    assert head_of(client.written)[0] == b"HTTP/1.1 502 Bad Gateway"


@pytest.mark.parametrize(
    "head",
    [
        b"200 OK\r\ncontent-length: 2\r\n" + b"x: y\r\n" * 99,
        b"200 OK\r\ncontent-length: 2\r\nx: " + b"y" * 79_000 + b"\r\n",
        b"200 OK\r\ncontent-length: " + b"0" * 5000 + b"2\r\n",
    ],
)
def test_a_head_may_be_large(bench: HttpBench, head: bytes) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 103 Early Hints\r\nx: " + b"y" * 70_000 + b"\r\n\r\n")
    up.receive(b"HTTP/1.1 " + head + b"\r\nhi")
    assert head_of(client.written)[0] == b"HTTP/1.1 200 OK"
    assert body_of(client.written) == b"hi"


def test_a_response_without_a_body_tells_no_length_of_it(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")
    line, fields = head_of(client.written)
    assert line == b"HTTP/1.1 204 No Content"
    assert b"content-length" not in fields


def test_trailers_of_a_response_are_not_even_kept(bench: HttpBench) -> None:
    client, up = asked(bench)
    up.receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n" + b"x: y\r\n" * 5000 + b"\r\n")
    assert body_of(client.written) == b"2\r\nhi\r\n0\r\n\r\n"
    assert not asks_again(bench)
