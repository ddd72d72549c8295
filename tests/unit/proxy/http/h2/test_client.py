"""Our HTTP/2 connection to a host, seen by the host."""

import ngh2

from tests.support.fake_transport import FakeTransport
from tests.support.h2_peer import GET, POST, H2Peer
from tests.support.http_bench import H2_OPTIONS, HttpBench, body_of, head_of

MAX_STREAMS = int(ngh2.Setting.MAX_CONCURRENT_STREAMS)
WINDOW = int(ngh2.Setting.INITIAL_WINDOW_SIZE)
TO_D = [{"match": {"prefix": "/"}, "route": {"cluster": "d"}}]
REQUEST = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


def ask(bench: HttpBench, request: bytes = REQUEST) -> FakeTransport:
    """A client of HTTP/1 whose request goes to the host over HTTP/2."""
    return bench.connect(bench.manager(TO_D), request)


def options(**http2: object) -> dict[str, object]:
    """Options of a cluster that speaks HTTP/2."""
    name = next(iter(H2_OPTIONS))
    return {name: {**H2_OPTIONS[name], "explicit_http_config": {"http2_protocol_options": http2}}}


def test_a_request_of_http_1_becomes_a_stream(bench: HttpBench) -> None:
    client = ask(bench, b"POST /p HTTP/1.1\r\nHost: a\r\nX-Y: z\r\ncontent-length: 3\r\n\r\nabc")
    host = bench.upstream_h2()
    headers = host.headers(1)
    assert [headers[name] for name in (b":method", b":path", b":authority", b":scheme", b"x-y")] == [
        b"POST",
        b"/p",
        b"a",
        b"http",
        b"z",
    ]
    assert (host.body(1), host.ended(1)) == (b"abc", True)
    host.respond(1, b"201", b"made")
    assert head_of(client.written)[0] == b"HTTP/1.1 201 Created"
    assert body_of(client.written) == b"4\r\nmade\r\n0\r\n\r\n"


def test_many_requests_share_a_connection(bench: HttpBench) -> None:
    clients = [ask(bench) for _ in range(3)]
    host = bench.upstream_h2()
    assert host.requests() == [1, 3, 5]
    assert len(bench.connector.attempts) == 1
    for stream in (5, 1, 3):
        host.respond(stream, body=b"%d" % stream)
    bodies = [body_of(client.written) for client in clients]
    assert bodies == [b"1\r\n%d\r\n0\r\n\r\n" % stream for stream in (1, 3, 5)]
    assert bench.of("d", "upstream_cx_http2_total") == 1


def test_a_client_that_goes_away_resets_its_stream_only(bench: HttpBench) -> None:
    first, second = ask(bench), ask(bench)
    host = bench.upstream_h2()
    first.reset()
    bench.turn()
    assert host.reset_code(1) == 2
    host.respond(3, body=b"hi")
    assert b"hi" in second.written
    assert bench.of("d", "upstream_rq_tx_reset") == 1
    second.reset()
    host.transport.reset()
    assert bench.leftovers() == {}


def test_a_host_that_resets_the_stream_gives_503(bench: HttpBench) -> None:
    client = ask(bench)
    host = bench.upstream_h2()
    host.reset(1, 2)
    assert head_of(client.written)[0] == b"HTTP/1.1 503 Service Unavailable"
    assert bench.log[0].split()[4:6] == ["upstream_reset_before_response_started{remote_reset}", "UR"]
    assert bench.of("d", "upstream_rq_rx_reset") == 1
    assert not host.transport.is_closing()


def test_a_host_that_refuses_the_stream_is_told_apart(bench: HttpBench) -> None:
    client = ask(bench)
    bench.upstream_h2().reset(1, 7)
    assert body_of(client.written).endswith(b"reset reason: remote refused stream reset")
    assert "remote_refused_stream_reset" in bench.log[0]


def test_a_host_that_closes_loses_every_stream(bench: HttpBench) -> None:
    clients = [ask(bench) for _ in range(2)]
    host = bench.upstream_h2()
    host.transport.reset()
    for client in clients:
        assert head_of(client.written)[0] == b"HTTP/1.1 503 Service Unavailable"
    assert [line.split()[5] for line in bench.log] == ["UC", "UC"]
    assert bench.of("d", "upstream_cx_destroy_remote_with_active_rq") == 1


def test_a_host_that_speaks_nonsense_loses_the_connection(bench: HttpBench) -> None:
    client = ask(bench)
    up = bench.upstream()
    up.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 50)
    bench.turn()
    assert head_of(client.written)[0] == b"HTTP/1.1 502 Bad Gateway"
    assert up.is_closing()
    assert bench.of("d", "upstream_cx_protocol_error") == 1
    client.reset()
    assert bench.leftovers() == {}


def test_a_host_that_says_goodbye_gets_no_new_streams(bench: HttpBench) -> None:
    first = ask(bench)
    host = bench.upstream_h2()
    host.machine.send_shutdown_notice()
    host.exchange()
    ask(bench)
    assert len(bench.connector.attempts) == 2
    host.respond(1, body=b"hi")
    assert b"hi" in first.written
    assert host.transport.is_closing()
    assert bench.of("d", "upstream_cx_close_notify") == 1


def test_an_idle_connection_whose_host_says_goodbye_is_closed(bench: HttpBench) -> None:
    ask(bench)
    host = bench.upstream_h2()
    host.respond(1)
    host.machine.send_shutdown_notice()
    host.exchange()
    assert host.transport.is_closing()


def test_a_response_that_is_complete_before_its_request_ends_the_stream(bench: HttpBench) -> None:
    client = ask(bench, b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
    host = bench.upstream_h2()
    host.respond(1, b"413")
    bench.turn()
    assert head_of(client.written)[0] == b"HTTP/1.1 413 Payload Too Large"
    assert host.reset_code(1) == 2
    bench.turn(1.0)
    host.transport.reset()
    assert bench.leftovers() == {}


def test_no_more_streams_are_opened_than_the_host_allows(bench: HttpBench) -> None:
    ask(bench)
    host = bench.upstream_h2(settings={MAX_STREAMS: 2})
    for _ in range(3):
        ask(bench)
    assert host.requests() == [1, 3]
    assert len(bench.connector.attempts) >= 2
    host.respond(1)
    assert len(host.requests()) == 3


def test_a_host_that_lowers_its_limit_is_obeyed(bench: HttpBench) -> None:
    for _ in range(3):
        ask(bench)
    host = bench.upstream_h2()
    host.machine.update_settings({MAX_STREAMS: 1})
    host.exchange()
    ask(bench)
    host.respond(1)
    assert host.requests() == [1, 3, 5]
    assert len(bench.connector.attempts) == 2
    assert bench.upstream_h2().requests() == [1]


def test_the_cluster_may_allow_less_than_the_host(bench: HttpBench) -> None:
    bench.add_cluster("d", typed_extension_protocol_options=options(max_concurrent_streams=1))
    ask(bench)
    host = bench.upstream_h2()
    ask(bench)
    assert host.requests() == [1]
    assert len(bench.connector.attempts) == 2


def test_a_connection_ends_with_the_last_of_so_many_requests(bench: HttpBench) -> None:
    bench.add_cluster("d", typed_extension_protocol_options=options(), max_requests_per_connection=2)
    name = next(iter(H2_OPTIONS))
    limited = {name: {**options()[name], "common_http_protocol_options": {"max_requests_per_connection": 2}}}  # type: ignore[dict-item]
    bench.add_cluster("d", typed_extension_protocol_options=limited)
    for _ in range(2):
        ask(bench)
    host = bench.upstream_h2()
    assert host.requests() == [1, 3]
    ask(bench)
    assert len(bench.connector.attempts) == 2
    host.respond(1)
    assert not host.transport.is_closing()
    host.respond(3)
    assert host.transport.is_closing()
    assert bench.of("d", "upstream_cx_max_requests") == 1


def test_a_connection_that_nobody_uses_is_closed(bench: HttpBench) -> None:
    ask(bench)
    host = bench.upstream_h2()
    bench.turn(1.0)
    host.respond(1)
    bench.turn(3599.0)
    assert not host.transport.is_closing()
    bench.turn(1.1)
    assert host.transport.is_closing()
    assert bench.of("d", "upstream_cx_idle_timeout") == 1


def test_a_slow_host_stops_the_client_and_starts_it_again(bench: HttpBench) -> None:
    client = ask(bench, b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 900000\r\n\r\n")
    host = H2Peer.server({WINDOW: 1000}, acknowledge=False)
    host.attach(bench.upstream())
    host.exchange()
    sent = 0
    while client.reading and sent < 900_000:
        client.receive(b"x" * 50_000)
        bench.turn()
        sent += 50_000
    assert not client.reading
    assert sent < 900_000
    taken = 0
    while not client.reading:
        got = len(host.body(1))
        host.machine.acknowledge_received_data(got - taken, 1)
        taken = got
        bench.turn()
    assert taken > 100_000
    assert bench.of("d", "upstream_flow_control_backed_up_total") == 1
    assert bench.of("d", "upstream_flow_control_drained_total") == 1


def test_a_body_that_waited_for_the_connection_does_not_forget_that_the_host_is_slow(bench: HttpBench) -> None:
    client = ask(bench, b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n" + b"x" * 1_100_000)
    assert not client.reading
    host = H2Peer.server({WINDOW: 1000}, acknowledge=False)
    host.attach(bench.upstream())
    host.exchange()
    assert not client.reading


def test_a_slow_client_holds_the_hosts_window_shut(bench: HttpBench) -> None:
    bench.add_cluster("d", typed_extension_protocol_options=options(initial_stream_window_size=65_535))
    client = ask(bench)
    host = bench.upstream_h2()
    client.protocol.pause_writing()
    host.respond(1, body=b"x" * 60_000, end=False)
    assert host.machine.stream_remote_window_size(1) < 6_000
    client.protocol.resume_writing()
    bench.turn()
    host.exchange()
    assert host.machine.stream_remote_window_size(1) > 60_000


def test_a_full_socket_keeps_bytes_back(bench: HttpBench) -> None:
    ask(bench)
    host = bench.upstream_h2()
    host.transport.protocol.pause_writing()
    ask(bench)
    bench.turn()
    assert host.requests() == [1]
    host.transport.protocol.resume_writing()
    assert host.requests() == [1, 3]


def test_informational_responses_are_passed_over(bench: HttpBench) -> None:
    client = ask(bench)
    host = bench.upstream_h2()
    host.machine.send_informational_response(1, [(b":status", b"103")])
    host.respond(1, body=b"hi")
    assert client.written.count(b"HTTP/1.1 ") == 1
    assert b"hi" in client.written


def test_what_was_left_unread_of_a_response_that_nobody_wants_opens_the_connections_window(bench: HttpBench) -> None:
    bench.add_cluster("d", typed_extension_protocol_options=options(initial_connection_window_size=65_535))
    client = ask(bench)
    host = bench.upstream_h2()
    client.protocol.pause_writing()
    host.respond(1, body=b"x" * 60_000, end=False)
    assert host.machine.remote_window_size < 6_000
    client.reset()
    bench.turn()
    host.exchange()
    assert host.machine.remote_window_size > 60_000


def test_http_2_to_http_2_keeps_both_sides_apart(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(TO_D))
    first = peer.request(GET)
    host = bench.upstream_h2()
    second = peer.request(POST, b"abc")
    host.respond(3, body=b"two")
    host.respond(1, body=b"one")
    assert (peer.body(first), peer.body(second)) == (b"one", b"two")
    assert host.body(3) == b"abc"
    assert bench.gauges()["cluster.d.upstream_cx_active"] == 1
    assert "cluster.d.upstream_rq_active" not in bench.gauges()


def test_a_connection_lives_no_longer_than_it_may(bench: HttpBench) -> None:
    aged = {"common_http_protocol_options": {"max_connection_duration": "10s"}}
    name = next(iter(H2_OPTIONS))
    bench.add_cluster("d", typed_extension_protocol_options={name: {**H2_OPTIONS[name], **aged}})
    client = ask(bench)
    host = bench.upstream_h2()
    bench.turn(10.0)
    assert not host.transport.is_closing()
    host.respond(1, body=b"late")
    assert b"late" in client.written
    assert host.transport.is_closing()
    assert bench.of("d", "upstream_cx_max_duration_reached") == 1
    assert bench.clock.holds(type(host.transport.protocol))
    host.transport.settle()
    assert not bench.clock.holds(type(host.transport.protocol))


def test_a_response_with_too_many_or_too_large_fields_is_refused_alone(bench: HttpBench) -> None:
    fine, many, large = ask(bench), ask(bench), ask(bench)
    host = bench.upstream_h2()
    host.machine.send_response(3, [(b":status", b"200"), *((b"x%d" % index, b"y") for index in range(100))])
    host.exchange()
    host.machine.send_response(5, [(b":status", b"200"), (b"x", b"y" * 62_000)])
    host.exchange()
    host.machine.send_response(1, [(b":status", b"200"), *((b"x%d" % index, b"y") for index in range(99))])
    host.exchange()
    assert head_of(fine.written)[0] == b"HTTP/1.1 200 OK"
    for client in (many, large):
        assert head_of(client.written)[0] == b"HTTP/1.1 503 Service Unavailable"
        assert body_of(client.written).endswith(b"reset reason: remote reset")
    assert not host.transport.is_closing()
