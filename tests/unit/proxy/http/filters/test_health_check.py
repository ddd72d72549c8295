"""Health checks that the proxy answers, or lets pass."""

from typing import Any

import pytest

from tests.support.http_bench import HttpBench, head_of
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import HealthCheckFilter
from tulle.protos.reading import parse_message
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.filters.health_check import build_health_check

KIND = "health_check.v3.HealthCheck"
CHECK = b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n"
HEADERS = [{"name": ":path", "string_match": {"exact": "/ok"}}]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def answering(**fields: Any) -> dict[str, Any]:
    return {"pass_through_mode": False, "headers": HEADERS, **fields}


def test_a_check_is_answered_and_not_counted(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(KIND, answering()), CHECK)
    line, fields = head_of(client.written)
    assert line == b"HTTP/1.1 200 OK"
    assert fields[b"x-envoy-upstream-healthchecked-cluster"] == b"node-cluster"
    assert bench.log == ["GET /ok HTTP/1.1 200 health_check_ok - 0 0 - -"]
    assert (bench.http("downstream_rq_total"), bench.http("downstream_rq_completed")) == (1, 0)


def test_a_check_with_a_body_is_answered_at_its_end(bench: HttpBench) -> None:
    head = b"POST /ok HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n"
    client = bench.connect(bench.filtered(KIND, answering()), head)
    assert not client.written
    client.receive(b"hi")
    assert head_of(client.written)[0] == b"HTTP/1.1 200 OK"


def test_other_requests_pass(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(KIND, answering()), CHECK.replace(b"/ok", b"/other"))
    bench.runtime.health_failed = True
    bench.upstream().receive(OK)
    assert head_of(client.written)[1][b"x-envoy-immediate-health-check-fail"] == b"true"


@pytest.mark.parametrize("passes", [True, False])
def test_a_proxy_that_was_told_to_fail_fails_every_check(bench: HttpBench, passes: bool) -> None:
    bench.runtime.health_failed = True
    client = bench.connect(bench.filtered(KIND, answering(pass_through_mode=passes)), CHECK)
    assert head_of(client.written)[0] == b"HTTP/1.1 503 Service Unavailable"
    assert bench.log == ["GET /ok HTTP/1.1 503 health_check_failed LH 0 0 - -"]


def test_the_services_answer_is_kept_for_a_time(bench: HttpBench) -> None:
    manager = bench.filtered(KIND, answering(pass_through_mode=True, cache_time="100s"))
    bench.connect(manager, CHECK)
    bench.upstream().receive(OK.replace(b"200 OK", b"500 No").replace(b"\r\n\r\n", b"\r\nx-envoy-degraded: \r\n\r\n"))
    client = bench.connect(manager, CHECK)
    line, fields = head_of(client.written)
    assert line.startswith(b"HTTP/1.1 500")
    assert b"x-envoy-degraded" in fields
    assert bench.log[1].split()[3:6] == ["500", "health_check_cached", "LH"]
    bench.turn(101)
    bench.connect(manager, CHECK)
    assert bench.transports[1].written.count(b"GET /ok") == 2


@pytest.mark.parametrize(
    ("wanted", "status", "details"),
    [
        ({"c": {"value": 100}}, "200", "health_check_ok"),
        ({"empty": {"value": 0}}, "200", "health_check_ok"),
        ({"empty": {"value": 1}}, "503", "health_check_failed_cluster_empty"),
        ({"nowhere": {"value": 1}}, "503", "health_check_failed_no_cluster_found"),
        ({"half": {"value": 51}}, "503", "health_check_failed_cluster_unhealthy"),
        ({"half": {"value": 50}}, "200", "health_check_ok"),
    ],
)
def test_checks_go_by_the_health_of_clusters(bench: HttpBench, wanted: Any, status: str, details: str) -> None:
    bench.add_cluster("empty", ports=())
    half = bench.add_cluster("half", ports=(1, 2))
    next(iter(half.hosts)).flags = 1
    bench.connect(bench.filtered(KIND, answering(cluster_min_healthy_percentages=wanted)), CHECK)
    assert bench.log[0].split()[3:5] == [status, details]


def test_answers_are_only_kept_in_pass_through_mode(bench: HttpBench) -> None:
    config = parse_message(HealthCheckFilter, answering(cache_time="1s")).SerializeToString()
    with pytest.raises(InvalidInput, match="cache_time: must not be set"):
        build_health_check(config, "http.t.", FilterServices(bench.runtime, bench.stats))
