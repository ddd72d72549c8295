"""What a connection manager counts, adds to responses, and does with its connections."""

import pytest

from tests.support.http_bench import HttpBench, head_of

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nserver: apache\r\ndate: yesterday\r\n\r\nhi"
DIRECT = [{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "direct"}}}]


def test_connections_and_requests_are_counted(bench: HttpBench) -> None:
    manager = bench.manager(DIRECT)
    client = bench.connect(manager, GET + GET)
    bench.turn()
    assert manager.connections == 1
    names = ("downstream_cx_total", "downstream_cx_http1_total", "downstream_rq_total", "downstream_rq_http1_total")
    assert [bench.http(name) for name in names] == [1, 1, 2, 2]
    names = ("downstream_rq_2xx", "downstream_rq_completed")
    assert [bench.http(name) for name in names] == [2, 2]
    assert [bench.counter(f"listener.127.0.0.1_80.http.t.{name}") for name in names] == [2, 2]
    assert bench.gauges() == {"http.t.downstream_cx_active": 1, "http.t.downstream_cx_http1_active": 1}
    client.receive_eof()
    bench.turn()
    assert manager.connections == 0
    assert (bench.http("downstream_cx_destroy"), bench.closed) == (1, 1)
    assert bench.leftovers() == {}


def test_who_ends_a_connection_is_counted(bench: HttpBench) -> None:
    manager = bench.manager(DIRECT)
    bench.connect(manager, GET).reset()
    bench.connect(manager, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    bench.turn()
    names = ("downstream_cx_destroy", "downstream_cx_destroy_local", "downstream_cx_destroy_remote")
    assert [bench.http(name) for name in names] == [2, 1, 1]


def test_how_long_things_took_is_recorded(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    bench.turn(0.25)
    up.receive(OK)
    bench.turn(0.25)
    client.reset()
    histograms = bench.stats.snapshot().histograms
    assert histograms["http.t.downstream_rq_time"] == {250: 1}
    assert histograms["http.t.downstream_cx_length_ms"] == {500: 1}


@pytest.mark.parametrize(
    ("fields", "server"),
    [
        ({}, b"envoy"),
        ({"server_name": "us"}, b"us"),
        ({"server_header_transformation": "APPEND_IF_ABSENT"}, b"apache"),
        ({"server_header_transformation": "PASS_THROUGH"}, b"apache"),
    ],
)
def test_the_server_of_a_response_is_told_as_configured(
    bench: HttpBench, fields: dict[str, object], server: bytes
) -> None:
    client = bench.connect(bench.manager(**fields), GET)
    bench.upstream().receive(OK)
    headers = head_of(client.written)[1]
    assert headers[b"server"] == server
    assert headers[b"date"] == b"yesterday"


def test_a_response_without_a_server_may_stay_so(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT, server_header_transformation="PASS_THROUGH"), GET)
    headers = head_of(client.written)[1]
    assert b"server" not in headers
    assert headers[b"date"].endswith(b" GMT")


def test_the_request_id_may_be_told_back(bench: HttpBench) -> None:
    request = b"GET / HTTP/1.1\r\nhost: a\r\nx-request-id: mine\r\n\r\n"
    client = bench.connect(bench.manager(DIRECT, always_set_request_id_in_response=True), request)
    assert head_of(client.written)[1][b"x-request-id"] == b"mine"
    client = bench.connect(bench.manager(DIRECT), request)
    assert b"x-request-id" not in head_of(client.written)[1]


def test_the_way_of_a_response_is_told(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(DIRECT, via="1.1 us"), GET)
    assert head_of(client.written)[1][b"via"] == b"1.1 us"


def test_a_log_line_is_written_for_every_request(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc")
    bench.upstream().receive(OK)
    client.receive(b"nonsense\r\n\r\n")
    assert bench.log == [
        "POST /p HTTP/1.1 200 via_upstream - 3 2 127.0.0.1:8080 c",
        "- - HTTP/1.1 400 http1.codec_error DPE 0 11 - -",
    ]


def test_closing_cuts_every_connection(bench: HttpBench) -> None:
    manager = bench.manager()
    clients = [bench.connect(manager), bench.connect(manager, GET), bench.connect_h2(manager).transport]
    manager.close()
    assert all(client.aborted for client in clients)
    bench.turn()
    assert manager.connections == 0


def test_routes_that_change_hold_for_the_next_request(bench: HttpBench) -> None:
    manager = bench.manager(DIRECT)
    client = bench.connect(manager, GET)
    other = [{"match": {"prefix": "/"}, "direct_response": {"status": 204}}]
    manager.routes.value = bench.manager(other).routes.value
    client.receive(GET)
    assert [part[:3] for part in client.written.split(b"HTTP/1.1 ")[1:]] == [b"200", b"204"]


def test_a_client_may_be_introduced_to_the_host(bench: HttpBench) -> None:
    manager = bench.manager(add_user_agent=True)
    manager.node = (b"web", b"web-1")
    bench.connect(manager, GET)
    headers = head_of(bench.upstream().written)[1]
    assert headers[b"user-agent"] == b"web"
    assert headers[b"x-envoy-downstream-service-cluster"] == b"web"
    assert headers[b"x-envoy-downstream-service-node"] == b"web-1"
