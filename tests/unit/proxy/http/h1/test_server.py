"""A client's HTTP/1 connection, as bytes in and bytes out."""

import pytest

from tests.support.http_bench import HttpBench, body_of, head_of

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
DIRECT = [{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "direct"}}}]


def answer_to(bench: HttpBench, data: bytes, **settings: object) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """First line, fields and body of the answer; the routes lead nowhere."""
    client = bench.connect(bench.manager(DIRECT, **settings), data)
    bench.turn()
    line, fields = head_of(client.written)
    return line, fields, body_of(client.written)


def test_a_request_is_answered_with_the_hosts_response(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    bench.upstream().receive(OK)
    line, fields = head_of(client.written)
    assert line == b"HTTP/1.1 200 OK"
    assert fields[b"server"] == b"envoy"
    assert fields[b"content-length"] == b"2"
    assert b"connection" not in fields
    assert body_of(client.written) == b"hi"
    assert bench.log == ["GET / HTTP/1.1 200 via_upstream - 0 2 127.0.0.1:8080 c"]


@pytest.mark.parametrize(
    ("data", "status", "details"),
    [
        (b"nonsense\r\n\r\n", b"400 Bad Request", "http1.codec_error"),
        (b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"400 Bad Request", "http.invalid_authority"),
        (b"GET / HTTP/1.1\r\nhost: a\r\nbad name: x\r\n\r\n", b"400 Bad Request", "http1.codec_error"),
        (b"GET nowhere HTTP/1.1\r\nhost: a\r\n\r\n", b"400 Bad Request", "http1.codec_error"),
        (
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            b"400 Bad Request",
            "http1.content_length_and_chunked_not_allowed",
        ),
        (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", b"400 Bad Request", None),
        (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", b"400 Bad Request", "http1.codec_error"),
        (
            b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            b"501 Not Implemented",
            "http1.invalid_transfer_encoding",
        ),
        (b"GET / HTTP/1.0\r\nhost: a\r\n\r\n", b"426 Upgrade Required", "low_version"),
        (
            b"GET / HTTP/1.1\r\nhost: a\r\n" + b"".join(b"x%d: y\r\n" % index for index in range(101)) + b"\r\n",
            b"431 Request Header Fields Too Large",
            "http1.too_many_headers",
        ),
    ],
)
def test_bytes_that_are_no_request_are_refused_and_the_connection_ends(
    bench: HttpBench, data: bytes, status: bytes, details: str | None
) -> None:
    line, fields, body = answer_to(bench, data)
    assert line == b"HTTP/1.1 " + status
    assert fields[b"connection"] == b"close"
    assert int(fields[b"content-length"]) == len(body)
    assert bench.transports[0].is_closing() is False  # the client gets a second to read it
    bench.turn(1.0)
    assert bench.transports[0].aborted
    if details is not None:
        assert bench.log == [f"- - HTTP/1.1 {status[:3].decode()} {details} DPE 0 {len(body)} - -"]
    assert bench.leftovers() == {}


def test_a_request_without_host_is_refused(bench: HttpBench) -> None:
    line, fields, _ = answer_to(bench, b"GET / HTTP/1.1\r\n\r\n")
    assert (line, fields[b"connection"]) == (b"HTTP/1.1 400 Bad Request", b"close")
    assert bench.log[0].split()[4] == "missing_host_header"


def test_a_head_that_is_too_large_is_refused_before_it_is_whole(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"GET / HTTP/1.1\r\nhost: a\r\nx: ")
    client.receive(b"y" * 50_000)
    assert client.written == b""
    client.receive(b"y" * 15_000)
    assert head_of(client.written)[0] == b"HTTP/1.1 431 Request Header Fields Too Large"
    assert bench.log[0].split()[4] == "http1.headers_too_large"


def test_a_large_body_before_a_head_does_not_count_as_its_size(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT))
    body = b"x" * 70_000
    data = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 70000\r\n\r\n"
    upload = bench.connect(bench.manager(), data + body[:10])
    up = bench.upstream()
    upload.receive(body[10:] + b"GET /next HT")
    up.receive(OK)
    upload.receive(b"TP/1.1\r\nhost: a\r\n\r\n")
    bench.turn()
    up.receive(OK)
    assert upload.written.count(b"200 OK") == 2
    assert b"431" not in upload.written
    assert client.written == b""


def test_headers_that_are_set_to_be_dropped_or_refused_for_an_underscore_are(bench: HttpBench) -> None:
    data = b"GET / HTTP/1.1\r\nhost: a\r\nx_y: 1\r\n\r\n"
    options = {"headers_with_underscores_action": "REJECT_REQUEST"}
    line, _, _ = answer_to(bench, data, common_http_protocol_options=options)
    assert line == b"HTTP/1.1 400 Bad Request"
    assert bench.log[0].split()[4] == "http1.unexpected_underscore"
    options = {"headers_with_underscores_action": "DROP_HEADER"}
    bench.connect(bench.manager(common_http_protocol_options=options), data)
    assert b"x_y" not in bench.upstream().written


def test_pipelined_requests_are_answered_in_their_order(bench: HttpBench) -> None:
    requests = b"".join(b"GET /%d HTTP/1.1\r\nhost: a\r\n\r\n" % number for number in range(3))
    client = bench.connect(bench.manager(), requests)
    up = bench.upstream()
    for number in range(3):
        assert up.written.count(b"GET /") == number + 1
        up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % number)
        bench.turn()
    assert [part[:1] for part in client.written.split(b"\r\n\r\n")[1:]] == [b"0", b"1", b"2"]
    assert client.reading
    assert len(bench.connector.attempts) == 1


def test_bodies_of_pipelined_requests_stay_with_them(bench: HttpBench) -> None:
    data = b"POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"
    data += b"POST /2 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
    client = bench.connect(bench.manager(), data)
    up = bench.upstream()
    assert body_of(up.written) == b"abc"
    up.receive(OK)
    bench.turn()
    second = up.written[up.written.index(b"POST /2") :]
    assert body_of(second) == b"2\r\nde\r\n0\r\n\r\n"
    up.receive(OK)
    assert client.written.count(b"200 OK") == 2


def test_reading_stops_while_a_request_waits_for_its_turn(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    assert client.reading
    client.receive(GET)
    assert not client.reading
    up.receive(OK)
    bench.turn()
    assert client.reading


def test_a_request_that_asks_to_close_does_not_close_before_its_own_answer(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET + b"GET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    up = bench.upstream()
    up.receive(OK)
    bench.turn()
    assert b"connection: close" not in client.written
    assert b"GET /2" in up.written
    up.receive(OK)
    assert client.written.count(b"200 OK") == 2
    assert client.written.count(b"connection: close") == 1
    assert client.is_closing()


def test_what_follows_a_request_that_closes_is_ignored(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" + GET)
    bench.upstream().receive(OK)
    line, fields = head_of(client.written)
    assert (line, fields[b"connection"]) == (b"HTTP/1.1 200 OK", b"close")
    assert client.written.count(b"HTTP/1.1") == 1
    assert client.is_closing()
    bench.turn()
    assert len(bench.log) == 1


def test_nonsense_behind_a_request_is_refused_after_that_was_answered(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET + b"BAD LINE\r\n\r\n")
    bench.upstream().receive(OK)
    bench.turn()
    first, _, second = client.written.partition(b"hiHTTP")
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert second.startswith(b"/1.1 400 Bad Request")
    bench.turn(1.0)
    assert [line.split()[3] for line in bench.log] == ["200", "400"]
    client.reset()
    assert bench.leftovers() == {"cluster.c.upstream_cx_active": 1, "c breaker 0 connections": 1} | {
        "c 127.0.0.1:8080 cx_active": 1
    }


def test_nonsense_behind_two_requests_is_refused_after_both(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT), GET + GET + b"BAD LINE\r\n\r\n")
    bench.turn()
    assert [part[:3] for part in client.written.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"400"]


@pytest.mark.parametrize(
    "bad",
    [
        b"GET /1 HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET /1 HTTP/1.1\r\n\r\n",
        b"GET /1 HTTP/1.0\r\nhost: a\r\n\r\n",
    ],
)
def test_nothing_behind_a_request_that_was_refused_is_a_request(bench: HttpBench, bad: bytes) -> None:
    client = bench.connect(bench.manager(), bad + GET + GET)
    bench.turn()
    assert bench.connector.attempts == []
    assert client.written.count(b"HTTP/1.1 ") == 1


def test_a_refused_request_between_good_ones_ends_the_connection_in_its_turn(bench: HttpBench) -> None:
    bad = b"POST /2 HTTP/1.1\r\nhost: a\r\nhost: b\r\ncontent-length: 2\r\n\r\nab"
    client = bench.connect(bench.manager(), GET + bad + GET)
    up = bench.upstream()
    up.receive(OK)
    bench.turn()
    assert up.written.count(b"HTTP/1.1") == 1
    assert [part[:3] for part in client.written.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]


def test_nonsense_in_the_body_of_a_request_that_waits_is_refused_in_its_turn(bench: HttpBench) -> None:
    bad = b"POST /2 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nnonsense\r\n"
    client = bench.connect(bench.manager(), GET + bad)
    up = bench.upstream()
    up.receive(OK)
    bench.turn()
    assert b"POST" not in up.written
    assert [part[:3] for part in client.written.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]


def test_an_upgrade_behind_another_request_is_refused_in_its_turn(bench: HttpBench) -> None:
    upgrade = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    client = bench.connect(bench.manager(), GET + upgrade)
    bench.upstream().receive(OK)
    bench.turn()
    assert [part[:3] for part in client.written.split(b"HTTP/1.1 ")[1:]] == [b"200", b"403"]


def test_a_pipelined_request_of_http_1_0_is_still_one(bench: HttpBench) -> None:
    manager = bench.manager(DIRECT, http_protocol_options={"accept_http_10": True})
    bench.connect(manager, GET + b"GET / HTTP/1.0\r\nhost: a\r\n\r\n")
    bench.turn()
    assert [line.split()[2] for line in bench.log] == ["HTTP/1.1", "HTTP/1.0"]


def test_nonsense_in_a_body_ends_its_request(bench: HttpBench) -> None:
    client = bench.connect(
        bench.manager(), b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"
    )
    up = bench.upstream()
    client.receive(b"nonsense\r\n")
    line, fields = head_of(client.written)
    assert (line, fields[b"connection"]) == (b"HTTP/1.1 400 Bad Request", b"close")
    bench.turn()
    assert up.aborted
    bench.turn(1.0)
    assert bench.leftovers() == {}


def test_the_answer_to_a_head_request_has_no_body(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT), b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert head_of(client.written)[1][b"content-length"] == b"6"
    assert body_of(client.written) == b""
    client.receive(GET)
    assert client.written.endswith(b"direct")


def test_a_body_whose_length_is_not_known_is_chunked(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    up.receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
    up.receive(b"2\r\nde\r\n0\r\n\r\n")
    assert head_of(client.written)[1][b"transfer-encoding"] == b"chunked"
    assert body_of(client.written) == b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert not client.is_closing()


def test_a_large_chunk_is_written_in_the_same_form(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    up.receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8000\r\n" + b"x" * 0x8000 + b"\r\n0\r\n\r\n")
    assert body_of(client.written) == b"8000\r\n" + b"x" * 0x8000 + b"\r\n0\r\n\r\n"


def test_an_http_1_0_client_gets_a_body_that_ends_with_the_connection(bench: HttpBench) -> None:
    manager = bench.manager(http_protocol_options={"accept_http_10": True})
    client = bench.connect(manager, b"GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n")
    bench.upstream().receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    _, fields = head_of(client.written)
    assert (fields[b"connection"], body_of(client.written)) == (b"close", b"abc")
    assert b"transfer-encoding" not in fields
    assert client.is_closing()
    bench.turn()
    assert bench.log[0].split()[2] == "HTTP/1.0"


def test_an_http_1_0_client_may_keep_its_connection(bench: HttpBench) -> None:
    options = {"accept_http_10": True, "default_host_for_http_10": "default.example"}
    client = bench.connect(
        bench.manager(http_protocol_options=options), b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"
    )
    up = bench.upstream()
    assert head_of(up.written)[1][b"host"] == b"default.example"
    up.receive(OK)
    assert head_of(client.written)[1][b"connection"] == b"keep-alive"
    assert not client.is_closing()


def test_a_client_that_expects_it_is_told_to_go_on(bench: HttpBench) -> None:
    data = b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    client = bench.connect(bench.manager(), data)
    assert client.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    up = bench.upstream()
    assert b"expect" not in head_of(up.written)[1]
    client.receive(b"ab")
    assert body_of(up.written) == b"ab"


def test_the_hosts_100_is_passed_on_where_that_is_wanted(bench: HttpBench) -> None:
    data = b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    client = bench.connect(bench.manager(proxy_100_continue=True), data)
    assert client.written == b""
    up = bench.upstream()
    assert head_of(up.written)[1][b"expect"] == b"100-continue"
    up.receive(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert client.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.receive(b"ab")
    up.receive(OK)
    assert client.written.endswith(b"hi")


def test_what_is_for_one_connection_only_goes_no_further(bench: HttpBench) -> None:
    fields = b"connection: x-hop, te\r\nx-hop: 1\r\nte: gzip\r\nte: trailers\r\nkeep-alive: 1\r\nkeep-alive: 2\r\n"
    fields += b"proxy-connection: a\r\nproxy-connection: b\r\nconnection: close\r\nx-stays: 1\r\n"
    bench.connect(bench.manager(), b"GET /p HTTP/1.1\r\nhost: a\r\n" + fields + b"\r\n")
    line, seen = head_of(bench.upstream().written)
    assert line == b"GET /p HTTP/1.1"
    assert {b"x-hop", b"keep-alive", b"proxy-connection", b"connection"}.isdisjoint(seen)
    assert seen[b"x-stays"] == b"1"


def test_repeated_fields_of_the_hosts_connection_go_no_further(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    fields = b"connection: keep-alive\r\nconnection: x-foo\r\nkeep-alive: a\r\nkeep-alive: b\r\ncontent-length: 2\r\n"
    bench.upstream().receive(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\nhi")
    head = client.written.partition(b"\r\n\r\n")[0]
    assert b"connection" not in head
    assert b"keep-alive" not in head


def test_trailers_of_a_request_are_dropped(bench: HttpBench) -> None:
    data = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-t: 1\r\n\r\n"
    manager = bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "d"}}])
    bench.connect(manager, data)
    host = bench.upstream_h2()
    (stream,) = host.requests()
    assert host.body(stream) == b"hi"
    assert host.ended(stream)
    assert b"x-t" not in [name for event in host.events for name, _ in getattr(event, "headers", ())]


def test_an_absolute_target_names_host_and_path(bench: HttpBench) -> None:
    bench.connect(bench.manager(), b"GET http://b.example/p?q HTTP/1.1\r\nhost: a\r\n\r\n")
    line, seen = head_of(bench.upstream().written)
    assert (line, seen[b"host"]) == (b"GET /p?q HTTP/1.1", b"b.example")


def test_an_upgrade_that_nothing_allows_is_refused(bench: HttpBench) -> None:
    data = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    line, fields, _ = answer_to(bench, data)
    assert (line, fields[b"connection"]) == (b"HTTP/1.1 403 Forbidden", b"close")
    assert bench.log[0].split()[4] == "upgrade_failed"
    bench.turn(1.0)
    assert bench.transports[0].is_closing()


def test_a_client_that_goes_away_cancels_its_request(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    client.reset()
    bench.turn()
    assert up.aborted
    assert bench.log == ["GET / HTTP/1.1 0 downstream_remote_disconnect DC 0 0 127.0.0.1:8080 c"]
    assert bench.leftovers() == {}
    assert bench.http("downstream_rq_rx_reset") == 1
    assert bench.http("downstream_cx_destroy_remote_active_rq") == 1
    assert bench.of("c", "upstream_cx_destroy_local_with_active_rq") == 1
    assert bench.closed == 1


def test_a_client_that_goes_away_while_its_request_waits_for_a_connection_leaves_the_queue(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET + GET)
    client.reset()
    bench.turn()
    assert bench.of("c", "upstream_rq_cancelled") == 1
    up = bench.upstream()
    assert up.written == b""


def test_a_response_before_the_end_of_the_request_closes_the_connection(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
    up = bench.upstream()
    up.receive(OK)
    assert head_of(client.written)[1][b"connection"] == b"close"
    bench.turn()
    assert up.is_closing()
    assert not client.is_closing()
    bench.turn(1.0)
    assert client.aborted
    assert bench.http("downstream_rq_response_before_rq_complete") == 1
    assert bench.http("downstream_rq_rx_reset") == 1
    assert bench.http("downstream_cx_delayed_close_timeout") == 1
    assert bench.of("c", "upstream_cx_destroy_local_with_active_rq") == 1
    assert bench.leftovers() == {}


def test_the_rest_of_a_request_that_was_answered_early_is_passed_over(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT), b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc")
    written = client.written
    client.receive(b"defGET / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert client.written == written


def test_the_response_to_a_request_that_is_cut_is_cut_too(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")
    up.reset()
    assert client.written.endswith(b"\r\n\r\nab")
    assert client.is_closing()
    bench.turn()
    details = "upstream_reset_after_response_started{protocol_error}"
    assert bench.log == [f"GET / HTTP/1.1 200 {details} UPE 0 2 127.0.0.1:8080 c"]
    assert bench.http("downstream_rq_tx_reset") == 1
    assert bench.http("downstream_rq_rx_reset") == 1
    assert bench.leftovers() == {}


def test_the_last_of_so_many_requests_closes_the_connection(bench: HttpBench) -> None:
    manager = bench.manager(DIRECT, common_http_protocol_options={"max_requests_per_connection": 2})
    client = bench.connect(manager, GET)
    assert b"connection: close" not in client.written
    client.receive(GET)
    assert client.written.count(b"connection: close") == 1
    assert client.is_closing()
    assert bench.http("downstream_cx_max_requests_reached") == 1


def test_a_drain_closes_an_idle_connection_at_once_and_a_busy_one_after_its_response(bench: HttpBench) -> None:
    manager = bench.manager()
    idle, busy, reading = bench.connect(manager), bench.connect(manager, GET), bench.connect(manager, b"GET /")
    up = bench.upstream()
    manager.drain()
    assert (idle.is_closing(), busy.is_closing(), reading.is_closing()) == (True, False, False)
    up.receive(OK)
    assert head_of(busy.written)[1][b"connection"] == b"close"
    assert busy.is_closing()
    bench.turn()
    assert manager.connections == 1
    reading.receive(b" HTTP/1.1\r\nhost: a\r\n\r\n")
    bench.upstream().receive(OK)
    assert reading.is_closing()
    assert bench.http("downstream_cx_drain_close") == 2


def test_a_drain_lets_pipelined_requests_that_were_read_be_answered_up_to_the_first(bench: HttpBench) -> None:
    manager = bench.manager()
    client = bench.connect(manager, GET + GET)
    up = bench.upstream()
    manager.drain()
    up.receive(OK)
    bench.turn()
    assert client.written.count(b"connection: close") == 1
    assert client.is_closing()


def test_a_failed_health_check_asks_clients_to_go_elsewhere(bench: HttpBench) -> None:
    bench.runtime.health_failed = True
    client = bench.connect(bench.manager(DIRECT), GET)
    assert head_of(client.written)[1][b"connection"] == b"close"
    assert client.is_closing()


def test_a_head_that_takes_too_long_is_refused(bench: HttpBench) -> None:
    manager = bench.manager(DIRECT, request_headers_timeout="5s")
    client = bench.connect(manager, b"GET / HTTP/1.1\r\n")
    bench.turn(4.0)
    client.receive(b"host: a\r\n")
    bench.turn(0.9)
    assert client.written == b""
    bench.turn(0.2)
    assert head_of(client.written)[0] == b"HTTP/1.1 408 Request Timeout"
    assert bench.http("downstream_rq_header_timeout") == 1
    bench.turn(1.0)
    assert bench.leftovers() == {}


def test_a_head_in_time_stops_its_clock(bench: HttpBench) -> None:
    manager = bench.manager(request_headers_timeout="5s")
    client = bench.connect(manager, GET)
    bench.turn(6.0)
    assert client.written == b""
    assert not client.is_closing()


def test_a_client_that_goes_away_in_its_head_is_forgotten(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(request_headers_timeout="5s"), b"GET / HTTP/1.1\r\n")
    client.reset()
    assert bench.leftovers() == {}
    bench.turn(6.0)
    assert client.written == b""


def test_a_slow_client_stops_the_host_and_starts_it_again(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab")
    client.protocol.pause_writing()
    assert not up.reading
    client.protocol.resume_writing()
    assert up.reading
    client.protocol.pause_writing()
    up.receive(b"cdef")
    assert up.reading  # another request may use the connection now
    assert bench.of("c", "upstream_flow_control_paused_reading_total") == 2
    assert bench.of("c", "upstream_flow_control_resumed_reading_total") == 2


def test_a_client_that_was_slow_before_the_response_began_stops_it_at_once(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    client.protocol.pause_writing()
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab")
    assert not up.reading


def test_a_slow_host_stops_the_client_and_starts_it_again(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nab")
    up = bench.upstream()
    up.protocol.pause_writing()
    assert not client.reading
    up.protocol.resume_writing()
    assert client.reading
    assert bench.http("downstream_flow_control_paused_reading_total") == 1
    assert bench.http("downstream_flow_control_resumed_reading_total") == 1
    assert bench.of("c", "upstream_flow_control_backed_up_total") == 1
    assert bench.of("c", "upstream_flow_control_drained_total") == 1


def test_a_client_that_was_stopped_is_read_again_when_its_response_is_complete(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab")
    up = bench.upstream()
    up.protocol.pause_writing()
    client.receive(b"cd")
    up.receive(OK)
    bench.turn()
    assert client.written.endswith(b"hi")
    assert not client.is_closing()
    assert client.reading


def test_a_request_body_waits_for_the_connection_and_stops_the_client_when_it_is_too_much(bench: HttpBench) -> None:
    bench.add_cluster("c", per_connection_buffer_limit_bytes=10)
    client = bench.connect(bench.manager(), b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\n\r\n" + b"x" * 10)
    assert client.reading
    client.receive(b"y" * 5)
    assert not client.reading
    up = bench.upstream()
    assert client.reading
    client.receive(b"z" * 5)
    assert body_of(up.written) == b"x" * 10 + b"y" * 5 + b"z" * 5


def test_a_preface_makes_it_an_http_2_connection(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT))
    stream = peer.request()
    assert peer.body(stream) == b"direct"
    assert bench.http("downstream_cx_http1_total") == 0
    assert bench.http("downstream_cx_http2_total") == 1
    assert bench.http("downstream_cx_total") == 1
    peer.transport.reset()
    assert bench.closed == 1
    assert bench.leftovers() == {}


def test_a_preface_in_pieces_is_one_too(bench: HttpBench) -> None:
    from tests.support.h2_peer import H2Peer

    peer = H2Peer.client()
    client = bench.connect(bench.manager(DIRECT))
    for byte in peer.first_bytes():
        client.receive(bytes((byte,)))
    peer.attach(client)
    assert peer.body(peer.request()) == b"direct"


def test_a_post_looks_like_a_preface_for_a_while(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT))
    client.receive(b"P")
    client.receive(b"OST / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert client.written.startswith(b"HTTP/1.1 200 OK")


def test_a_preface_inside_a_head_is_no_preface(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT), b"GET / HTTP/1.1\r\nhost: a\r\n")
    client.receive(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert bench.http("downstream_cx_http2_total") == 0
    assert client.written.startswith(b"HTTP/1.1 400 Bad Request")


def test_a_codec_that_is_told_takes_no_preface(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT, codec_type="HTTP1"), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert client.written.startswith(b"HTTP/1.1 4")


def test_bytes_are_counted_in_both_directions(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT), GET + b"nonsense\r\n\r\n")
    bench.turn()
    assert bench.http("downstream_cx_rx_bytes_total") == len(GET) + 12
    assert bench.http("downstream_cx_tx_bytes_total") == len(client.written)


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (b"connection: content-length\r\ncontent-length: 5\r\n", b"hello"),
        (b"connection: transfer-encoding\r\ntransfer-encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ],
)
def test_a_body_whose_length_is_named_as_of_this_connection_is_not_lost(
    bench: HttpBench, fields: bytes, body: bytes
) -> None:
    request = b"POST /p HTTP/1.1\r\nhost: a\r\n" + fields + b"\r\n" + body
    client = bench.connect(bench.manager(), request + request)  # the second waits for its turn
    up = bench.upstream()
    for _ in range(2):
        _, seen = head_of(up.written)
        assert b"content-length" not in seen
        assert seen[b"transfer-encoding"] == b"chunked"
        assert body_of(up.written) == b"5\r\nhello\r\n0\r\n\r\n"
        up.written = b""
        up.receive(OK)
        bench.turn()
    assert client.written.count(b"200 OK") == 2


def test_a_length_of_nothing_that_is_named_means_no_body(bench: HttpBench) -> None:
    bench.connect(
        bench.manager(), b"GET / HTTP/1.1\r\nhost: a\r\nconnection: content-length\r\ncontent-length: 0\r\n\r\n"
    )
    _, seen = head_of(bench.upstream().written)
    assert {b"content-length", b"transfer-encoding"}.isdisjoint(seen)


def test_a_head_that_hides_what_it_must_not_is_refused(bench: HttpBench) -> None:
    line, fields, body = answer_to(bench, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: x-forwarded-for\r\n\r\n")
    assert (line, fields[b"connection"], body) == (b"HTTP/1.1 400 Bad Request", b"close", b"Bad Request")
    assert bench.log == ["- - HTTP/1.1 400 http1.connection_header_rejected DPE 0 11 - -"]


def test_trailers_of_a_request_are_not_even_kept(bench: HttpBench) -> None:
    head = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
    client = bench.connect(bench.manager(), head)
    for _ in range(10):
        client.receive(b"x: y\r\n" * 1000)
    assert not client.protocol._headers
    assert client.protocol._headers.more is None
    client.receive(b"\r\n")
    up = bench.upstream()
    assert body_of(up.written) == b"2\r\nhi\r\n0\r\n\r\n"
    up.receive(OK)
    client.receive(GET)
    up.receive(OK)
    assert client.written.count(b"200 OK") == 2
