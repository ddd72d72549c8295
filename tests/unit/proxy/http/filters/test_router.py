"""From a route to an answer, or to a cluster."""

import pytest

from tests.support.h2_peer import GET as H2_GET
from tests.support.http_bench import ROUTER, HttpBench, body_of, head_of

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
GET = b"GET /p?q HTTP/1.1\r\nhost: a\r\n\r\n"


def test_a_request_without_a_route_gets_404(bench: HttpBench) -> None:
    manager = bench.manager([{"match": {"prefix": "/other"}, "route": {"cluster": "c"}}])
    client = bench.connect(manager, GET)
    line, fields = head_of(client.written)
    assert line == b"HTTP/1.1 404 Not Found"
    assert (fields[b"content-length"], body_of(client.written)) == (b"0", b"")
    assert b"connection" not in fields
    assert bench.log == ["GET /p?q HTTP/1.1 404 route_not_found NR 0 0 - -"]
    assert (bench.http("no_route"), bench.http("rq_total")) == (1, 1)


def test_routes_that_have_not_come_yet_are_none(bench: HttpBench) -> None:
    rds = {"route_config_name": "late", "config_source": {"ads": {}}}
    manager = bench.manager(rds=rds)
    client = bench.connect(manager, GET)
    assert head_of(client.written)[0] == b"HTTP/1.1 404 Not Found"
    other = bench.manager([{"match": {"prefix": "/"}, "direct_response": {"status": 204}}])
    bench.slots["late"].value = other.routes.value
    client.receive(GET)
    assert b"HTTP/1.1 204 No Content" in client.written


def test_an_unknown_cluster_gives_the_status_of_the_route(bench: HttpBench) -> None:
    routes = [
        {
            "match": {"prefix": "/p"},
            "route": {"cluster": "missing", "cluster_not_found_response_code": "NOT_FOUND"},
        },
        {"match": {"prefix": "/"}, "route": {"cluster": "missing"}},
    ]
    client = bench.connect(bench.manager(routes), GET)
    assert head_of(client.written)[0] == b"HTTP/1.1 404 Not Found"
    client.receive(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert b"503 Service Unavailable" in client.written
    assert [line.split()[4:6] for line in bench.log] == [["cluster_not_found", "NC"]] * 2
    assert bench.http("no_cluster") == 2


def test_a_cluster_that_no_header_names_is_unknown(bench: HttpBench) -> None:
    client = bench.connect(bench.manager([{"match": {"prefix": "/"}, "route": {"cluster_header": "x-c"}}]), GET)
    assert head_of(client.written)[0] == b"HTTP/1.1 503 Service Unavailable"
    client.receive(b"GET / HTTP/1.1\r\nhost: a\r\nx-c: c\r\n\r\n")
    assert bench.connector.attempts[0].host.address == "127.0.0.1:8080"


def test_a_direct_response_needs_no_host(bench: HttpBench) -> None:
    routes = [{"match": {"prefix": "/"}, "direct_response": {"status": 418, "body": {"inline_string": "tea"}}}]
    client = bench.connect(bench.manager(routes), GET)
    line, fields = head_of(client.written)
    assert (line[9:12], fields[b"content-type"], body_of(client.written)) == (b"418", b"text/plain", b"tea")
    assert bench.log == ["GET /p?q HTTP/1.1 418 direct_response - 0 3 - -"]
    assert bench.http("rq_direct_response") == 1


def test_a_redirect_says_where_to(bench: HttpBench) -> None:
    client = bench.connect(bench.manager([{"match": {"prefix": "/"}, "redirect": {"host_redirect": "b"}}]), GET)
    line, fields = head_of(client.written)
    assert (line, fields[b"location"]) == (b"HTTP/1.1 301 Moved Permanently", b"http://b/p?q")


def test_responses_of_our_own_get_the_headers_of_the_route(bench: HttpBench) -> None:
    added = [{"header": {"key": "x-added", "value": "1"}}]
    routes = [{"match": {"prefix": "/"}, "direct_response": {"status": 200}, "response_headers_to_add": added}]
    client = bench.connect(bench.manager(routes), GET)
    assert head_of(client.written)[1][b"x-added"] == b"1"


def test_headers_are_edited_in_both_directions(bench: HttpBench) -> None:
    route = {
        "match": {"prefix": "/"},
        "route": {"cluster": "c", "prefix_rewrite": "/new/"},
        "request_headers_to_add": [{"header": {"key": "x-up", "value": "1"}}],
        "response_headers_to_add": [{"header": {"key": "x-down", "value": "2"}}],
        "response_headers_to_remove": ["x-secret"],
    }
    client = bench.connect(bench.manager([route]), GET)
    up = bench.upstream()
    line, fields = head_of(up.written)
    assert line == b"GET /new/p?q HTTP/1.1"
    assert (fields[b"x-up"], fields[b"x-envoy-original-path"]) == (b"1", b"/p?q")
    up.receive(b"HTTP/1.1 200 OK\r\nx-secret: 1\r\ncontent-length: 0\r\n\r\n")
    fields = head_of(client.written)[1]
    assert fields[b"x-down"] == b"2"
    assert b"x-secret" not in fields


@pytest.mark.parametrize(
    ("asked", "told"),
    [({}, b"15000"), ({"timeout": "3s"}, b"3000"), ({"timeout": "0s"}, None), ({"timeout": "0.0015s"}, b"1")],
)
def test_the_host_is_told_how_long_it_has(bench: HttpBench, asked: dict[str, str], told: bytes | None) -> None:
    bench.connect(bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "c", **asked}}]), GET)
    assert head_of(bench.upstream().written)[1].get(b"x-envoy-expected-rq-timeout-ms") == told


def test_envoys_headers_may_be_suppressed(bench: HttpBench) -> None:
    typed = {**ROUTER["typed_config"], "suppress_envoy_headers": True}  # type: ignore[dict-item]
    client = bench.connect(bench.manager(http_filters=[{"name": "router", "typed_config": typed}]), GET)
    up = bench.upstream()
    up.receive(OK)
    assert b"x-envoy" not in up.written
    assert b"x-envoy" not in client.written


def test_the_time_of_the_host_is_told(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    bench.turn(0.25)
    up.receive(OK)
    assert head_of(client.written)[1][b"x-envoy-upstream-service-time"] == b"250"


def test_a_grpc_call_is_refused_in_its_own_way(bench: HttpBench) -> None:
    manager = bench.manager([{"match": {"prefix": "/other"}, "route": {"cluster": "c"}}])
    peer = bench.connect_h2(manager)
    stream = peer.request([*H2_GET, (b"content-type", b"application/grpc")])
    headers = peer.headers(stream)
    assert (headers[b":status"], headers[b"grpc-status"]) == (b"200", b"12")
    assert peer.ended(stream)


def test_the_high_priority_has_a_pool_of_its_own(bench: HttpBench) -> None:
    routes = [
        {"match": {"prefix": "/high"}, "route": {"cluster": "c", "priority": "HIGH"}},
        {"match": {"prefix": "/"}, "route": {"cluster": "c"}},
    ]
    manager = bench.manager(routes)
    bench.connect(manager, b"GET /high HTTP/1.1\r\nhost: a\r\n\r\n")
    bench.upstream().receive(OK)
    bench.connect(manager, GET)
    assert len(bench.connector.attempts) == 2


@pytest.mark.parametrize(
    "field",
    [
        b"x-envoy-upstream-rq-timeout-ms",
        b"x-envoy-upstream-rq-per-try-timeout-ms",
        b"x-envoy-max-retries",
        b"x-envoy-retriable-status-codes",
    ],
)
def test_numbers_that_are_too_long_are_none(bench: HttpBench, field: bytes) -> None:
    fields = b"x-envoy-retry-on: 5xx\r\nx-envoy-internal: true\r\n" + field + b": " + b"1" * 5000
    manager = bench.manager(use_remote_address=True)
    client = bench.connect(manager, b"GET / HTTP/1.1\r\nhost: a\r\n" + fields + b"\r\n\r\n")
    bench.upstream().receive(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
    assert head_of(client.written)[0] == b"HTTP/1.1 200 OK"
