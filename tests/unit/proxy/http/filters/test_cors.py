"""Requests from other origins, and preflights."""

from typing import Any

import pytest

from tests.support.http_bench import HttpBench, head_of
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import CorsSettings
from tulle.protos.reading import parse_message
from tulle.proxy.http.filters.cors import CorsPolicy, build_cors_policy

CORS, ROUTE = "cors.v3.Cors", "cors.v3.CorsPolicy"
A = {"allow_origin_string_match": [{"exact": "https://a.test"}]}
PREFLIGHT = b"OPTIONS / HTTP/1.1\r\nhost: a\r\norigin: https://a.test\r\naccess-control-request-method: PUT\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\naccess-control-allow-origin: *\r\n\r\n"


def policy(**fields: Any) -> CorsPolicy:
    return build_cors_policy(parse_message(CorsSettings, fields).SerializeToString())


def test_a_preflight_is_answered(bench: HttpBench) -> None:
    said = {"allow_methods": "PUT", "allow_headers": "*", "max_age": "9", "allow_credentials": True}
    client = bench.connect(bench.filtered(CORS, {}, (ROUTE, {**A, **said})), PREFLIGHT)
    line, fields = head_of(client.written)
    assert line == b"HTTP/1.1 200 OK"
    assert fields[b"access-control-allow-origin"] == b"https://a.test"
    assert fields[b"access-control-allow-methods"] == b"PUT"
    assert fields[b"access-control-allow-headers"] == b""
    assert fields[b"access-control-max-age"] == b"9"
    assert fields[b"access-control-allow-credentials"] == b"true"
    assert bench.log == ["OPTIONS / HTTP/1.1 200 cors_response - 0 0 - -"]
    assert bench.http("cors.origin_valid") == 1


def test_responses_tell_an_allowed_origin(bench: HttpBench) -> None:
    request = b"GET / HTTP/1.1\r\nhost: a\r\norigin: https://a.test\r\n\r\n"
    client = bench.connect(bench.filtered(CORS, {}, (ROUTE, {**A, "expose_headers": "x-a"})), request)
    bench.upstream().receive(OK)
    fields = head_of(client.written)[1]
    assert fields[b"access-control-allow-origin"] == b"https://a.test"
    assert fields[b"access-control-expose-headers"] == b"x-a"


@pytest.mark.parametrize("settings", [None, {}, {**A, "filter_enabled": {"default_value": {"numerator": 0}}}])
def test_without_a_policy_that_fits_nothing_is_changed(bench: HttpBench, settings: Any) -> None:
    client = bench.connect(bench.filtered(CORS, {}, None if settings is None else (ROUTE, settings)), PREFLIGHT)
    bench.upstream().receive(OK)
    assert head_of(client.written)[1][b"access-control-allow-origin"] == b"*"


def test_a_policy_in_the_shadow_only_counts(bench: HttpBench) -> None:
    off, on = {"default_value": {"numerator": 0}}, {"default_value": {"numerator": 100}}
    bench.connect(bench.filtered(CORS, {}, (ROUTE, {**A, "filter_enabled": off, "shadow_enabled": on})), PREFLIGHT)
    assert len(bench.connector.attempts) == 1
    assert bench.http("cors.origin_valid") == 1


def test_a_foreign_preflight_may_be_kept_from_the_host(bench: HttpBench) -> None:
    settings = {"forward_not_matching_preflights": False, "allow_private_network_access": True}
    request = PREFLIGHT[:-2] + b"access-control-request-private-network: true\r\n\r\n"
    client = bench.connect(bench.filtered(CORS, {}, (ROUTE, settings)), request)
    fields = head_of(client.written)[1]
    assert b"access-control-allow-origin" not in fields
    assert fields[b"access-control-allow-private-network"] == b"true"
    assert bench.http("cors.origin_invalid") == 1


def test_a_policy_fills_its_gaps_from_a_less_specific_one() -> None:
    less = policy(**A, allow_methods="GET", max_age="1", shadow_enabled={"default_value": {"numerator": 1}})
    both = policy(allow_methods="PUT", allow_credentials=False).over(less)
    assert both.texts == {"allow_methods": b"PUT", "max_age": b"1"}
    assert both.switches == {"allow_credentials": False}
    assert both.allows(b"https://a.test")
    assert not both.allows(b"https://b.test")
    assert both.shadow is None
    assert less.over("something else") is less


def test_bad_origins_are_named() -> None:
    with pytest.raises(InvalidInput, match=r"allow_origin_string_match\[0\].safe_regex.regex"):
        policy(allow_origin_string_match=[{"safe_regex": {"regex": "("}}])
