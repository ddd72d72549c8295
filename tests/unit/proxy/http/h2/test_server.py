"""A client's HTTP/2 connection, seen by a client."""

import ngh2
import pytest

from tests.support.h2_peer import GET, POST, H2Peer
from tests.support.http_bench import HttpBench, body_of

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
DIRECT = [{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "direct"}}}]
SMALL_WINDOW = {int(ngh2.Setting.INITIAL_WINDOW_SIZE): 1000}


def test_streams_are_answered_as_their_responses_come(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    first, second = peer.request(), peer.request()
    one, two = bench.upstream(0), bench.upstream(1)
    two.receive(OK)
    assert (peer.status(first), peer.body(second), peer.ended(second)) == (None, b"hi", True)
    one.receive(OK)
    assert peer.body(first) == b"hi"
    assert bench.log == ["GET / HTTP/2 200 via_upstream - 0 2 127.0.0.1:8080 c"] * 2
    assert bench.http("downstream_rq_http2_total") == 2


def test_the_codec_may_be_configured_or_negotiated(bench: HttpBench) -> None:
    assert bench.connect_h2(bench.manager(DIRECT, codec_type="HTTP2")).request() == 1
    info = bench.info()
    info.application_protocols = ("h2",)
    peer = bench.connect_h2(bench.manager(DIRECT), info)
    assert peer.body(peer.request()) == b"direct"


def test_the_answer_to_a_head_request_has_no_body(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT))
    stream = peer.request([(b":method", b"HEAD"), *GET[1:]])
    assert peer.headers(stream)[b"content-length"] == b"6"
    assert peer.body(stream) == b""
    assert peer.ended(stream)


def test_a_request_body_and_its_trailers_are_passed_on(bench: HttpBench) -> None:
    manager = bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "d"}}])
    peer = bench.connect_h2(manager)
    stream = peer.request(POST, b"abc", end=False)
    host = bench.upstream_h2()
    peer.data(stream, b"def")
    peer.trailers(stream, [(b"x-t", b"1")])
    assert host.body(1) == b"abcdef"
    assert [event.headers for event in host.of(ngh2.TrailersReceived)] == [((b"x-t", b"1"),)]


def test_a_response_body_and_its_trailers_are_passed_on(bench: HttpBench) -> None:
    manager = bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "d"}}])
    peer = bench.connect_h2(manager)
    stream = peer.request()
    host = bench.upstream_h2()
    host.respond(1, body=b"abc", end=False)
    host.trailers(1, [(b"grpc-status", b"0")])
    assert peer.body(stream) == b"abc"
    assert [event.headers for event in peer.of(ngh2.TrailersReceived)] == [((b"grpc-status", b"0"),)]
    assert bench.log[0].split()[3:6] == ["200", "via_upstream", "-"]


def test_cookies_become_one_line_for_a_host_of_http_1(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    peer.request([*GET, (b"cookie", b"a=1"), (b"cookie", b"b=2")])
    assert b"cookie: a=1; b=2\r\n" in bench.upstream().written


def test_host_stands_in_for_authority(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    peer.request([GET[0], GET[1], GET[3], (b"host", b"b.example")])
    assert b"host: b.example\r\n" in bench.upstream().written


@pytest.mark.parametrize("path", [b"/a b", b"/a\r\nx: y", b"/\x00"])
def test_a_path_that_could_be_read_as_more_never_reaches_a_host(bench: HttpBench, path: bytes) -> None:
    peer = bench.connect_h2(bench.manager())
    peer.request([GET[0], (b":path", path), *GET[2:]])
    assert bench.connector.attempts == []


@pytest.mark.parametrize(
    "fields", [[(b"connection", b"close")], [(b"transfer-encoding", b"chunked")], [(b"X-Upper", b"1")]]
)
def test_fields_that_http_2_does_not_know_never_reach_a_host(
    bench: HttpBench, fields: list[tuple[bytes, bytes]]
) -> None:
    peer = bench.connect_h2(bench.manager())
    peer.request([*GET, *fields])
    for attempt in bench.connector.attempts:
        up = attempt.succeed()
        assert b"connection: close" not in up.written
        assert b"transfer-encoding" not in up.written
        assert b"X-Upper" not in up.written


def test_a_request_with_too_many_fields_is_refused_alone(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT))
    most = peer.request([*GET, *((b"x%d" % index, b"y") for index in range(96))])
    more = peer.request([*GET, *((b"x%d" % index, b"y") for index in range(97))])
    assert (peer.body(most), peer.reset_code(more)) == (b"direct", 2)
    assert peer.body(peer.request()) == b"direct"
    assert bench.log[1] == "- - HTTP/2 0 http2.too_many_headers DR 0 0 - -"
    assert (bench.http("downstream_rq_total"), bench.http("downstream_rq_rx_reset")) == (3, 1)


def test_a_flood_of_fields_ends_the_connection(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT))
    stream = peer.request([*GET, *((b"x%d" % index, b"y") for index in range(2000))])
    assert peer.transport.is_closing()
    assert peer.status(stream) is None
    bench.turn()
    assert bench.leftovers() == {}


def test_a_client_that_resets_its_stream_cancels_the_request(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    stream = peer.request()
    up = bench.upstream()
    peer.reset(stream)
    bench.turn()
    assert up.aborted
    assert bench.log == ["GET / HTTP/2 0 http2.remote_reset DR 0 0 127.0.0.1:8080 c"]
    assert bench.http("downstream_rq_rx_reset") == 1
    assert not peer.transport.is_closing()
    peer.transport.reset()
    assert bench.leftovers() == {}


def test_a_client_that_goes_away_cancels_all_its_requests(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    for _ in range(3):
        peer.request()
    ups = [bench.upstream(index) for index in range(2)]
    peer.transport.reset()
    bench.turn()
    assert all(up.aborted for up in ups)
    assert [line.split()[4:6] for line in bench.log] == [["downstream_remote_disconnect", "DC"]] * 3
    assert bench.http("downstream_rq_rx_reset") == 3
    bench.connector.attempts[2].fail()
    assert bench.leftovers() == {}
    assert bench.closed == 1


def test_a_response_that_is_cut_resets_its_stream_only(bench: HttpBench) -> None:
    manager = bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "d"}}])
    peer = bench.connect_h2(manager)
    cut, whole = peer.request(), peer.request()
    host = bench.upstream_h2()
    host.respond(1, body=b"abc", end=False)
    host.reset(1, 2)
    assert (peer.body(cut), peer.reset_code(cut)) == (b"abc", 2)
    host.respond(3, body=b"hi")
    assert peer.body(whole) == b"hi"
    assert bench.log[0].split()[3:6] == ["200", "upstream_reset_after_response_started{remote_reset}", "UR"]
    assert (bench.http("downstream_rq_tx_reset"), bench.http("downstream_rq_rx_reset")) == (1, 1)


def test_a_response_that_is_complete_before_its_request_ends_both(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT))
    stream = peer.request(POST, b"abc", end=False)
    assert peer.body(stream) == b"direct"
    assert peer.reset_code(stream) == 0
    assert bench.http("downstream_rq_response_before_rq_complete") == 1
    assert bench.http("downstream_rq_rx_reset") == 1
    peer.transport.reset()
    assert bench.leftovers() == {}


def test_a_response_that_begins_before_the_end_of_its_request_is_counted_once(bench: HttpBench) -> None:
    manager = bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "d"}}])
    peer = bench.connect_h2(manager)
    stream = peer.request(POST, b"abc", end=False)
    host = bench.upstream_h2()
    host.respond(1, end=False)
    assert peer.status(stream) == b"200"
    peer.data(stream, b"def", end=True)
    host.data(1, b"late", end=True)
    assert (peer.body(stream), host.body(1)) == (b"late", b"abcdef")
    assert bench.http("downstream_rq_response_before_rq_complete") == 1
    assert bench.http("downstream_rq_rx_reset") == 0


def test_nonsense_ends_the_connection_with_all_its_streams(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    peer.request()
    up = bench.upstream()
    peer.transport.receive(b"\xff" * 100)
    assert peer.transport.is_closing()
    bench.turn()
    assert up.aborted
    assert bench.http("downstream_cx_protocol_error") == 1
    assert bench.log[0].split()[3:6:2] == ["0", "DPE"]
    assert bench.leftovers() == {}


def test_a_client_with_a_small_window_gets_its_body_as_it_opens_it(bench: HttpBench) -> None:
    peer = H2Peer.client(SMALL_WINDOW, acknowledge=False)
    peer.attach(bench.connect(bench.manager(), peer.first_bytes()))
    stream = peer.exchange().request()
    up = bench.upstream()
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n" + b"x" * 3000)
    assert len(peer.body(stream)) == 1000
    assert not peer.ended(stream)
    for _ in range(2):
        peer.machine.acknowledge_received_data(1000, stream)
        peer.exchange()
    assert len(peer.body(stream)) == 3000
    assert peer.ended(stream)


def test_a_slow_client_stops_the_host_and_starts_it_again(bench: HttpBench) -> None:
    peer = H2Peer.client(SMALL_WINDOW, acknowledge=False)
    peer.attach(bench.connect(bench.manager(), peer.first_bytes()))
    stream = peer.exchange().request()
    up = bench.upstream()
    size = 600_000
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
    sent = 0
    while up.reading and sent < size:
        up.receive(b"x" * 50_000)
        sent += 50_000
    assert not up.reading
    assert sent < size
    received = 0
    while not up.reading:
        got = len(peer.body(stream))
        peer.machine.acknowledge_received_data(got - received, stream)
        received = got
    assert received > 100_000


def test_a_full_socket_keeps_bytes_back(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT))
    peer.transport.protocol.pause_writing()
    stream = peer.request()
    assert peer.status(stream) is None
    peer.transport.protocol.resume_writing()
    assert peer.body(stream) == b"direct"


def test_a_slow_host_holds_the_clients_window_shut(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(http2_protocol_options={"initial_stream_window_size": 65_535}))
    stream = peer.request(POST, b"x" * 10, end=False)
    up = bench.upstream()
    up.protocol.pause_writing()
    peer.data(stream, b"y" * 60_000)
    assert peer.machine.stream_remote_window_size(stream) < 6_000
    up.protocol.resume_writing()
    bench.turn()
    peer.exchange()
    assert peer.machine.stream_remote_window_size(stream) > 60_000
    assert body_of(up.written).count(b"y") == 60_000


def test_what_was_held_of_a_stream_that_ends_opens_the_connections_window_again(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(http2_protocol_options={"initial_connection_window_size": 65_535}))
    stream = peer.request(POST, b"x" * 10, end=False)
    up = bench.upstream()
    up.protocol.pause_writing()
    peer.data(stream, b"y" * 60_000)
    assert peer.machine.remote_window_size < 6_000
    peer.reset(stream)
    assert peer.machine.remote_window_size > 60_000


def test_a_drain_says_goodbye_twice_and_ends_with_the_last_stream(bench: HttpBench) -> None:
    manager = bench.manager()
    peer = bench.connect_h2(manager)
    stream = peer.request()
    up = bench.upstream()
    manager.drain()
    bench.turn()
    peer.exchange()
    assert [event.last_stream_id for event in peer.of(ngh2.GoAwayReceived)] == [2**31 - 1]
    bench.turn(4.9)
    assert not peer.transport.is_closing()
    up.receive(OK)
    assert peer.body(stream) == b"hi"
    bench.turn(0.2)
    assert peer.transport.is_closing()
    peer.read()
    last = [*peer.of(ngh2.GoAwayReceived), *peer.of(ngh2.ConnectionClosed)][-1]
    assert last.error_code == 0


def test_a_stream_that_outlives_the_drain_is_still_answered(bench: HttpBench) -> None:
    manager = bench.manager()
    peer = bench.connect_h2(manager)
    stream = peer.request()
    up = bench.upstream()
    manager.drain()
    bench.turn(6.0)
    assert not peer.transport.is_closing()
    up.receive(OK)
    peer.read()
    assert peer.status(stream) == b"200"
    bench.turn()
    assert peer.transport.is_closing()


def test_a_drain_closes_an_idle_connection(bench: HttpBench) -> None:
    manager = bench.manager()
    peer = bench.connect_h2(manager)
    manager.drain()
    bench.turn()
    assert peer.transport.is_closing()
    assert manager.connections == 0


def test_a_response_while_the_process_drains_begins_the_goodbye(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT))
    bench.runtime.draining = True
    stream = peer.request()
    assert peer.body(stream) == b"direct"
    bench.turn(5.0)
    assert peer.transport.is_closing()
    assert bench.http("downstream_cx_drain_close") == 1


def test_the_last_of_so_many_requests_begins_the_goodbye(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT, common_http_protocol_options={"max_requests_per_connection": 2}))
    peer.request()
    assert peer.of(ngh2.GoAwayReceived) == []
    last = peer.request()
    bench.turn()
    peer.read()
    assert peer.status(last) == b"200"
    assert peer.of(ngh2.GoAwayReceived) or peer.of(ngh2.ConnectionClosed)
    assert bench.http("downstream_cx_max_requests_reached") == 1
    bench.turn(5.0)
    assert peer.transport.is_closing()


def test_no_more_streams_than_configured_are_open(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(http2_protocol_options={"max_concurrent_streams": 2}))
    assert peer.machine.remote_settings[int(ngh2.Setting.MAX_CONCURRENT_STREAMS)] == 2
    for _ in range(3):
        peer.request()
    assert len(bench.connector.attempts) == 2


def test_a_connection_that_idles_says_goodbye(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT, common_http_protocol_options={"idle_timeout": "10s"}))
    bench.turn(8.0)
    peer.request()
    bench.turn(9.0)
    assert not peer.transport.is_closing()
    bench.turn(1.1)
    assert peer.transport.is_closing()
    assert bench.http("downstream_cx_idle_timeout") == 1


def test_an_informational_response_is_passed_on(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(proxy_100_continue=True))
    stream = peer.request([*POST, (b"expect", b"100-continue")], end=False)
    bench.upstream().receive(b"HTTP/1.1 100 Continue\r\n\r\n")
    peer.exchange()
    assert dict(peer.of(ngh2.InformationalResponseReceived, stream)[0].headers) == {b":status": b"100"}


def test_bytes_are_counted(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(DIRECT))
    peer.request()
    assert bench.http("downstream_cx_tx_bytes_total") == len(peer.transport.written)
    assert bench.http("downstream_cx_rx_bytes_total") > 50
