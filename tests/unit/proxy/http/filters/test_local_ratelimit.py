"""Token buckets and what becomes of requests that find none."""

from typing import Any

import pytest

from tests.support.http_bench import HttpBench, head_of
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import LocalRateLimit
from tulle.protos.reading import parse_message
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.filters.local_ratelimit import TokenBucket, build_limit_rule, build_local_ratelimit

KIND = "local_ratelimit.v3.LocalRateLimit"
GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
ALL = {"default_value": {"numerator": 100}}
ONE = {"max_tokens": 1, "fill_interval": "10s"}
ON = {"stat_prefix": "rl", "filter_enabled": ALL, "filter_enforced": ALL}


def rule_bytes(**fields: Any) -> bytes:
    return parse_message(LocalRateLimit, {"stat_prefix": "rl", **fields}).SerializeToString()


def count(bench: HttpBench, name: str) -> int:
    return bench.counter(f"rl.http_local_rate_limit.{name}")


def test_a_bucket_fills_evenly(bench: HttpBench) -> None:
    bucket = TokenBucket(2, 0.1)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    assert bucket.next_s() == 10
    bench.turn(5)
    assert (bucket.left(), bucket.next_s(), bucket.take()) == (0, 5, False)
    bench.turn(6)
    assert (bucket.next_s(), bucket.take()) == (0, True)
    bench.turn(100)
    assert bucket.left() == 2


def test_requests_beyond_the_limit_are_refused(bench: HttpBench) -> None:
    headers = [{"header": {"key": "x-limited", "value": "yes"}}]
    manager = bench.filtered(KIND, {**ON, "token_bucket": ONE, "response_headers_to_add": headers})
    bench.connect(manager, GET)
    client = bench.connect(manager, GET)
    line, fields = head_of(client.written)
    assert line == b"HTTP/1.1 429 Too Many Requests"
    assert fields[b"x-limited"] == b"yes"
    assert bench.log == ["GET / HTTP/1.1 429 local_rate_limited RL 0 18 - -"]
    counts = [count(bench, name) for name in ("enabled", "ok", "rate_limited", "enforced")]
    assert counts == [2, 1, 1, 1]


def test_what_is_not_enforced_passes_with_a_header(bench: HttpBench) -> None:
    headers = [{"header": {"key": "x-limited", "value": "yes"}}]
    config = {"stat_prefix": "rl", "filter_enabled": ALL, "token_bucket": {**ONE}}
    manager = bench.filtered(KIND, {**config, "request_headers_to_add_when_not_enforced": headers})
    bench.connect(manager, GET)
    bench.connect(manager, GET)
    assert [b"x-limited: yes" in bench.upstream(index).written for index in (0, 1)] == [False, True]
    assert count(bench, "enforced") == 0


def test_a_filter_that_is_not_enabled_counts_nothing(bench: HttpBench) -> None:
    bench.connect(bench.filtered(KIND, {"stat_prefix": "rl", "token_bucket": ONE}), GET)
    assert count(bench, "enabled") == 0


def test_a_route_has_its_own_bucket(bench: HttpBench) -> None:
    manager = bench.filtered(KIND, ON, {**ON, "stat_prefix": "own", "token_bucket": ONE})
    bench.connect(manager, GET)
    assert head_of(bench.connect(manager, GET).written)[0].startswith(b"HTTP/1.1 429")
    assert bench.counter("own.http_local_rate_limit.enforced") == 1


def test_connections_may_have_buckets_of_their_own(bench: HttpBench) -> None:
    manager = bench.filtered(KIND, {**ON, "token_bucket": ONE, "local_rate_limit_per_downstream_connection": True})
    first = bench.connect(manager, GET)
    bench.upstream().receive(OK)
    bench.connect(manager, GET)
    assert count(bench, "ok") == 2
    first.receive(GET)
    assert count(bench, "enforced") == 1


def test_responses_tell_what_is_left(bench: HttpBench) -> None:
    config = {**ON, "token_bucket": {**ONE, "max_tokens": 3}, "enable_x_ratelimit_headers": "DRAFT_VERSION_03"}
    client = bench.connect(bench.filtered(KIND, config), GET)
    bench.upstream().receive(OK)
    fields = head_of(client.written)[1]
    told = [fields[b"x-ratelimit-" + name] for name in (b"limit", b"remaining", b"reset")]
    assert told == [b"3", b"2", b"0"]


def test_what_cannot_be_is_named(bench: HttpBench) -> None:
    with pytest.raises(InvalidInput, match=r"token_bucket\.fill_interval: must be at least 50 ms"):
        build_limit_rule(rule_bytes(token_bucket={"max_tokens": 1, "fill_interval": "0.01s"}))
    with pytest.raises(InvalidInput, match="token_bucket: must be set for a route"):
        build_limit_rule(rule_bytes())


def test_several_workers_do_not_share_a_bucket(bench: HttpBench) -> None:
    services = FilterServices(bench.runtime, bench.stats, workers=2)
    with pytest.raises(InvalidInput, match="is not shared by the 2 workers"):
        build_local_ratelimit(rule_bytes(token_bucket=ONE), "http.t.", services)
    each = rule_bytes(token_bucket=ONE, local_rate_limit_per_downstream_connection=True)
    build_local_ratelimit(each, "http.t.", services)
