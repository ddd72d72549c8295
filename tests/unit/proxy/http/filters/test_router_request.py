"""One request on its way to a host: what goes wrong, how often it is tried, how long it may take."""

from typing import Any

import pytest

from tests.support.h2_peer import GET as H2_GET
from tests.support.h2_peer import POST as H2_POST
from tests.support.http_bench import HttpBench, body_of, head_of

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
BAD = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nbad"
GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody"
MAX_PAUSE_S = 0.25


def route(cluster: str = "c", **action: Any) -> list[dict[str, Any]]:
    return [{"match": {"prefix": "/"}, "route": {"cluster": cluster, **action}}]


def retrying(retry_on: str = "5xx", cluster: str = "c", timeout: str = "15s", **policy: Any) -> list[dict[str, Any]]:
    return route(cluster, timeout=timeout, retry_policy={"retry_on": retry_on, **policy})


def clean(bench: HttpBench) -> bool:
    """Whether nothing is left once all connections are gone."""
    for transport in bench.transports:
        transport.reset()
    bench.turn(2.0)
    return bench.leftovers() == {}


# What goes wrong before the host says anything.


def test_a_host_that_does_not_answer_the_connection_gives_503(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    bench.connector.attempts[0].fail("delayed connect error: Connection refused")
    assert head_of(client.written)[0] == b"HTTP/1.1 503 Service Unavailable"
    assert body_of(client.written).endswith(b"reset reason: remote connection failure")
    details = (
        "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}"
    )
    assert bench.log[0].split()[4:6] == [details, "UF"]
    assert bench.of("c", "upstream_cx_connect_fail") == 1
    assert clean(bench)


def test_a_host_that_takes_too_long_to_connect_gives_503(bench: HttpBench) -> None:
    bench.connect(bench.manager(), GET)
    bench.connector.attempts[0].fail("", timed_out=True)
    assert bench.log[0].split()[4:6] == ["upstream_reset_before_response_started{connection_timeout}", "UF"]
    assert bench.of("c", "upstream_cx_connect_timeout") == 1
    assert clean(bench)


def test_a_cluster_without_hosts_gives_503(bench: HttpBench) -> None:
    bench.add_cluster("empty", ports=())
    client = bench.connect(bench.manager(route("empty")), GET)
    assert body_of(client.written) == b"no healthy upstream"
    assert bench.log == ["GET / HTTP/1.1 503 no_healthy_upstream UH 0 19 - empty"]
    assert bench.of("empty", "upstream_cx_none_healthy") == 1
    assert clean(bench)


def test_a_cluster_that_is_asked_too_much_gives_503_and_says_so(bench: HttpBench) -> None:
    bench.add_cluster("c", circuit_breakers={"thresholds": [{"max_pending_requests": 1}]})
    bench.connect(bench.manager(), GET)
    client = bench.connect(bench.manager(), GET)
    line, fields = head_of(client.written)
    assert (line, fields[b"x-envoy-overloaded"]) == (b"HTTP/1.1 503 Service Unavailable", b"true")
    assert bench.log[0].split()[4:6] == ["upstream_reset_before_response_started{overflow}", "UO"]
    assert bench.of("c", "upstream_rq_pending_overflow") == 1
    bench.upstream()
    assert clean(bench)


def test_statuses_are_counted_for_the_cluster_and_the_host(bench: HttpBench) -> None:
    for response in (OK, BAD, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"):
        bench.connect(bench.manager(), GET)
        (bench.transports[1] if len(bench.transports) > 2 else bench.upstream()).receive(response)
    names = (
        "upstream_rq_total",
        "upstream_rq_completed",
        "upstream_rq_2xx",
        "upstream_rq_503",
        "external.upstream_rq_4xx",
    )
    assert [bench.of("c", name) for name in names] == [3, 3, 1, 1, 1]
    cluster = bench.clusters.get("c")
    assert cluster is not None
    (host,) = cluster.hosts
    assert (host.rq_total, host.rq_success, host.rq_error, host.rq_active) == (3, 2, 1, 0)


def test_the_time_of_a_response_is_recorded(bench: HttpBench) -> None:
    bench.connect(bench.manager(), GET)
    up = bench.upstream()
    bench.turn(0.0625)
    up.receive(OK)
    assert bench.stats.snapshot().histograms["cluster.c.upstream_rq_time"] == {62: 1}


def test_a_host_that_cuts_a_grpc_call_cuts_the_success_it_was_taken_for(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(route("d")))
    peer.request([*H2_POST, (b"content-type", b"application/grpc")])
    host = bench.upstream_h2()
    host.respond(1, end=False)
    host.reset(1)
    assert bench.http("rq_reset_after_downstream_response_started") == 1
    peer.request()
    host.respond(3, end=False)
    host.reset(3)
    assert bench.http("rq_reset_after_downstream_response_started") == 1


# Timeouts.


def test_a_response_that_does_not_come_in_time_gives_504(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(route(timeout="2s")), GET)
    up = bench.upstream()
    bench.turn(1.9)
    assert client.written == b""
    bench.turn(0.2)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    assert body_of(client.written) == b"upstream request timeout"
    assert up.aborted
    assert bench.log[0].split()[3:6] == ["504", "response_timeout", "UT"]
    assert bench.of("c", "upstream_rq_timeout") == 1
    assert not client.is_closing()
    assert clean(bench)


def test_a_response_that_does_not_end_in_time_is_cut(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(route(timeout="2s")), GET)
    up = bench.upstream()
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")
    bench.turn(2.1)
    assert client.is_closing()
    assert up.aborted
    assert bench.log == ["GET / HTTP/1.1 200 response_timeout UT 0 2 127.0.0.1:8080 c"]
    assert clean(bench)


def test_the_timeout_runs_from_the_end_of_the_request(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(route(timeout="2s")), POST[:-1])
    bench.upstream()
    bench.turn(10.0)
    assert client.written == b""
    client.receive(b"y")
    bench.turn(1.9)
    assert client.written == b""
    bench.turn(0.2)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"


def test_the_timeout_runs_while_a_connection_is_awaited(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(route(timeout="2s")), GET)
    bench.turn(2.1)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    assert bench.upstream().written == b""
    assert clean(bench)


def test_a_timeout_of_zero_is_none(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(route(timeout="0s"), stream_idle_timeout="0s"), GET)
    bench.upstream()
    bench.turn(10_000.0)
    assert client.written == b""


def test_each_try_has_its_own_time(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(retrying(num_retries=1, per_try_timeout="1s")), GET)
    first = bench.upstream()
    assert head_of(first.written)[1][b"x-envoy-expected-rq-timeout-ms"] == b"1000"
    bench.turn(1.1)
    assert first.aborted
    bench.turn(MAX_PAUSE_S)
    second = bench.upstream()
    assert second is not first
    bench.turn(1.1)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    details, flags = bench.log[0].split()[4:6]
    assert (details, set(flags.split(","))) == ("upstream_per_try_timeout", {"UT", "URX"})
    assert bench.of("c", "upstream_rq_per_try_timeout") == 2
    assert clean(bench)


def test_a_try_has_its_time_though_it_is_not_tried_again(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(retrying("", per_try_timeout="1s")), GET)
    bench.upstream()
    bench.turn(1.1)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    assert bench.log[0].split()[4:6] == ["upstream_per_try_timeout", "UT"]
    assert clean(bench)


def test_the_time_of_a_try_ends_with_the_headers(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(retrying(per_try_timeout="1s")), GET)
    up = bench.upstream()
    up.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab")
    bench.turn(2.0)
    up.receive(b"cd")
    assert body_of(client.written) == b"abcd"


def test_a_try_that_may_take_as_long_as_all_has_no_time_of_its_own(bench: HttpBench) -> None:
    bench.connect(bench.manager(retrying(timeout="1s", per_try_timeout="2s")), GET)
    assert head_of(bench.upstream().written)[1][b"x-envoy-expected-rq-timeout-ms"] == b"1000"
    bench.turn(1.1)
    assert bench.log[0].split()[4] == "response_timeout"


# Further tries.


def test_a_bad_response_is_tried_again_after_a_pause(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(retrying()), GET)
    up = bench.upstream()
    up.receive(BAD)
    assert client.written == b""
    bench.turn(MAX_PAUSE_S)
    second = bench.upstream() if len(bench.connector.attempts) > 1 else up
    second.receive(OK)
    assert head_of(client.written)[0] == b"HTTP/1.1 200 OK"
    names = ("upstream_rq_retry", "upstream_rq_retry_success", "retry.upstream_rq_503", "upstream_rq_total")
    assert [bench.of("c", name) for name in names] == [1, 1, 1, 2]
    assert clean(bench)


def test_the_last_bad_response_is_passed_on(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(retrying(num_retries=2)), GET)
    for index in range(3):
        bench.upstream(index).receive(BAD)
        bench.turn(MAX_PAUSE_S)
    assert body_of(client.written) == b"bad"
    assert bench.log[0].split()[3:6] == ["503", "via_upstream", "URX"]
    assert bench.of("c", "upstream_rq_retry_limit_exceeded") == 1
    assert clean(bench)


def test_a_connection_that_fails_is_tried_again(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(retrying("connect-failure")), POST)
    bench.connector.attempts[0].fail()
    bench.turn(MAX_PAUSE_S)
    up = bench.upstream(1)
    assert body_of(up.written) == b"body"
    up.receive(OK)
    assert head_of(client.written)[0] == b"HTTP/1.1 200 OK"
    assert clean(bench)


def test_a_lost_connection_is_tried_again_with_the_whole_body(bench: HttpBench) -> None:
    client = bench.connect(
        bench.manager(retrying("reset")), b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbo"
    )
    first = bench.upstream()
    client.receive(b"dy")
    assert body_of(first.written) == b"body"
    first.reset()
    bench.turn(MAX_PAUSE_S)
    second = bench.upstream()
    assert body_of(second.written) == b"body"
    second.receive(OK)
    assert head_of(client.written)[0] == b"HTTP/1.1 200 OK"
    assert clean(bench)


def test_trailers_are_sent_again_too(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager(retrying("refused-stream", "d")))
    stream = peer.request(H2_POST, b"body", end=False)
    host = bench.upstream_h2()
    peer.trailers(stream, [(b"x-t", b"1")])
    host.reset(1, 7)
    bench.turn(MAX_PAUSE_S)
    assert host.requests() == [1, 3]
    assert host.body(3) == b"body"
    assert [event.stream_id for event in host.events if type(event).__name__ == "TrailersReceived"] == [1, 3]
    host.respond(3, body=b"ok")
    assert peer.body(stream) == b"ok"


def test_a_request_that_is_not_complete_is_not_tried_again(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(retrying()), POST[:-1])
    bench.upstream().receive(BAD)
    assert body_of(client.written) == b"bad"
    assert bench.of("c", "upstream_rq_retry") == 0


def test_a_body_that_is_too_large_is_not_sent_again(bench: HttpBench) -> None:
    bench.add_cluster("c", per_connection_buffer_limit_bytes=10)
    data = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 30\r\n\r\n"
    client = bench.connect(bench.manager(retrying()), data)
    up = bench.upstream()
    client.receive(b"x" * 30)
    assert len(body_of(up.written)) == 30
    up.receive(BAD)
    assert body_of(client.written) == b"bad"
    assert bench.of("c", "retry_or_shadow_abandoned") == 1
    assert clean(bench)


def test_no_more_tries_than_the_cluster_allows_are_under_way(bench: HttpBench) -> None:
    bench.add_cluster("c", circuit_breakers={"thresholds": [{"max_retries": 1}]})
    manager = bench.manager(retrying())
    clients = [bench.connect(manager, GET) for _ in range(2)]
    ups = [bench.upstream(index) for index in range(2)]
    for up in ups:
        up.receive(BAD)
    assert clients[0].written == b""
    assert body_of(clients[1].written) == b"bad"
    assert bench.of("c", "upstream_rq_retry_overflow") == 1
    assert clean(bench)


def test_a_client_that_goes_away_between_two_tries_ends_them(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(retrying()), GET)
    bench.upstream().receive(BAD)
    client.reset()
    bench.turn(MAX_PAUSE_S)
    assert bench.of("c", "upstream_rq_total") == 1
    assert clean(bench)


def test_the_time_for_all_tries_may_end_between_two(bench: HttpBench) -> None:
    policy = {"num_retries": 5, "retry_back_off": {"base_interval": "100s", "max_interval": "100s"}}
    client = bench.connect(bench.manager(retrying(timeout="1s", **policy)), GET)
    bench.upstream().receive(BAD)
    bench.turn(1.1)
    assert head_of(client.written)[0] == b"HTTP/1.1 504 Gateway Timeout"
    bench.turn(100.0)
    assert bench.of("c", "upstream_rq_total") == 1
    assert clean(bench)


def test_a_client_may_ask_for_tries_from_inside(bench: HttpBench) -> None:
    manager = bench.manager(internal_address_config={"cidr_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]})
    data = b"GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 10.0.0.1\r\nx-envoy-retry-on: 5xx\r\n\r\n"
    client = bench.connect(manager, data)
    up = bench.upstream()
    assert b"x-envoy-retry-on" not in up.written
    up.receive(BAD)
    assert client.written == b""


def test_the_tries_are_counted_for_the_host(bench: HttpBench) -> None:
    manager = bench.manager(retrying(), virtual_host={"include_request_attempt_count": True})
    bench.connect(manager, GET)
    first = bench.upstream()
    first.receive(BAD)
    bench.turn(MAX_PAUSE_S)
    written = first.written if len(bench.connector.attempts) == 1 else bench.upstream().written
    assert b"x-envoy-attempt-count: 1" in first.written
    assert b"x-envoy-attempt-count: 2" in written


def test_a_response_edit_does_not_see_what_is_tried_again(bench: HttpBench) -> None:
    routes = retrying()
    routes[0]["response_headers_to_add"] = [{"header": {"key": "x-d", "value": "1"}}]
    client = bench.connect(bench.manager(routes), GET)
    first = bench.upstream()
    first.receive(BAD)
    bench.turn(MAX_PAUSE_S)
    (first if len(bench.connector.attempts) == 1 else bench.upstream()).receive(OK)
    assert client.written.count(b"x-d: 1") == 1


@pytest.mark.parametrize("cluster", ["c", "d"])
def test_hosts_take_turns_between_tries(bench: HttpBench, cluster: str) -> None:
    bench.add_cluster("two", ports=(1, 2))
    bench.connect(bench.manager(retrying("connect-failure", "two")), GET)
    bench.connector.attempts[0].fail()
    bench.turn(MAX_PAUSE_S)
    assert len({attempt.host.address for attempt in bench.connector.attempts}) == 2


# Flow.


def test_a_request_goes_at_once_on_a_connection_that_is_ready(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    up.receive(OK)
    client.receive(POST)
    assert up.written.endswith(b"\r\n\r\nbody")


def test_a_client_that_waits_on_a_slow_host_is_stopped_from_the_start(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), GET)
    up = bench.upstream()
    up.receive(OK)
    up.protocol.pause_writing()
    client.receive(POST[:-1])
    assert not client.reading
    up.protocol.resume_writing()
    assert client.reading


def test_http_1_and_http_2_meet_in_all_four_ways(bench: HttpBench) -> None:
    for cluster in ("c", "d"):
        manager = bench.manager(route(cluster))
        client, peer = bench.connect(manager, POST), bench.connect_h2(manager)
        stream = peer.request(H2_POST, b"body")
        if cluster == "c":
            ups = [bench.upstream(index) for index in (0, 1)]
            for up in ups:
                assert body_of(up.written) in (b"body", b"4\r\nbody\r\n0\r\n\r\n")
                up.receive(OK)
        else:
            host = bench.upstream_h2()
            for each in host.requests():
                assert host.body(each) == b"body"
                host.respond(each, body=b"hi")
        assert b"hi" in body_of(client.written)
        assert peer.body(stream) == b"hi"
        assert peer.ended(stream)
    peer = bench.connect_h2(bench.manager())
    assert peer.request(H2_GET) == 1
    assert clean(bench)
