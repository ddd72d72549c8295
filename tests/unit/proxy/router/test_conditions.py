"""Conditions of routes; the expected values were found with Envoy 1.40."""

from typing import Any

import pytest

from tests.support.route_tables import cluster_of, request, route, route_problems, table_of

Case = tuple[dict[str, Any], str]
VALUES: dict[str, list[str]] = {"none": [], "empty": [""], "a": ["a"], "7": ["7"], "ab": ["a", "b"], "joined": ["a,b"]}


@pytest.mark.parametrize(
    ("matcher", "fitting"),
    [
        ({}, "empty a 7 ab joined"),
        ({"invert_match": True}, "none"),
        ({"present_match": False}, "none"),
        ({"present_match": False, "invert_match": True}, "empty a 7 ab joined"),
        ({"present_match": True, "treat_missing_header_as_empty": True}, "none empty a 7 ab joined"),
        ({"present_match": False, "treat_missing_header_as_empty": True}, ""),
        ({"present_match": True, "treat_missing_header_as_empty": True, "invert_match": True}, ""),
        ({"exact_match": ""}, "empty a 7 ab joined"),
        ({"exact_match": "a"}, "a ab"),
        ({"prefix_match": "a"}, "a ab joined"),
        ({"suffix_match": "b"}, "ab joined"),
        ({"contains_match": ","}, "joined"),
        ({"safe_regex_match": {"regex": "b"}}, "ab"),
        ({"range_match": {"start": -5, "end": 10}}, "7"),
        ({"string_match": {"exact": ""}}, "empty"),
        ({"string_match": {"exact": ""}, "treat_missing_header_as_empty": True}, "none empty"),
        ({"string_match": {"exact": "a"}, "invert_match": True}, "empty 7 joined"),
        (
            {"string_match": {"exact": "a"}, "invert_match": True, "treat_missing_header_as_empty": True},
            "none empty 7 joined",
        ),
        ({"string_match": {"exact": "a,b"}}, "joined"),
        ({"string_match": {"exact": "A", "ignore_case": True}}, "a ab"),
    ],
)
def test_header_matchers_take_each_line_of_a_header_by_itself(matcher: dict[str, Any], fitting: str) -> None:
    routes = table_of(route({"prefix": "/", "headers": [{"name": "X", **matcher}]}))
    found = [
        name
        for name, values in VALUES.items()
        if cluster_of(routes, request(fields=[("x", value) for value in values]))
    ]
    assert found == fitting.split()


def test_lines_of_a_header_that_envoy_keeps_in_one_are_joined() -> None:
    routes = table_of(route({"prefix": "/", "headers": [{"name": "user-agent", "string_match": {"exact": "a,b"}}]}))
    assert cluster_of(routes, request(fields=[("user-agent", "a"), ("user-agent", "b")])) == "a"


def test_host_means_the_authority() -> None:
    routes = table_of(route({"prefix": "/", "headers": [{"name": "Host", "string_match": {"exact": "me"}}]}))
    assert cluster_of(routes, request(host="me")) == "a"
    assert cluster_of(routes, request(host="you")) is None


@pytest.mark.parametrize(
    ("matcher", "fitting"),
    [
        ({"present_match": False}, ["", "?Q=v"]),
        ({"present_match": True}, ["?q", "?q=", "?q=v", "?q=w&q=v", "?&&q=v"]),
        ({}, ["?q", "?q=", "?q=v", "?q=w&q=v", "?&&q=v"]),
        ({"string_match": {"exact": "v"}}, ["?q=v", "?&&q=v"]),
        ({"string_match": {"exact": ""}}, ["?q", "?q="]),
    ],
)
def test_query_parameters(matcher: dict[str, Any], fitting: list[str]) -> None:
    routes = table_of(route({"prefix": "/", "query_parameters": [{"name": "q", **matcher}]}))
    queries = ["", "?q", "?q=", "?q=v", "?q=w&q=v", "?Q=v", "?&&q=v"]
    assert [query for query in queries if cluster_of(routes, request(f"/{query}"))] == fitting


def test_cookies_fail_when_they_are_missing_and_can_be_inverted() -> None:
    cookies = [{"name": "k", "string_match": {"exact": "v"}}]
    plain = table_of(route({"prefix": "/", "cookies": cookies}))
    inverted = table_of(route({"prefix": "/", "cookies": [{**cookies[0], "invert_match": True}]}))
    for line, fits in (("k=v", True), ("a=b; k=v", True), ("k=w", False), ("a=b", False)):
        assert bool(cluster_of(plain, request(fields=[("cookie", line)]))) is fits
        assert bool(cluster_of(inverted, request(fields=[("cookie", line)]))) is not fits


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        ("application/grpc", True),
        ("application/grpc+proto", True),
        ("application/grpc-web", False),
        ("text/plain", False),
    ],
)
def test_grpc_is_told_by_the_content_type(kind: str, fits: bool) -> None:
    routes = table_of(route({"prefix": "/", "grpc": {}}))
    assert bool(cluster_of(routes, request(fields=[("content-type", kind)]))) is fits
    assert cluster_of(routes, request()) is None


@pytest.mark.parametrize(("denominator", "size"), [("HUNDRED", 100), ("TEN_THOUSAND", 10_000), ("MILLION", 1_000_000)])
def test_a_fraction_goes_by_the_random_value(denominator: str, size: int) -> None:
    fraction = {"default_value": {"numerator": 30, "denominator": denominator}, "runtime_key": "k"}
    routes = table_of(route({"prefix": "/", "runtime_fraction": fraction}))
    hits = [value for value in (0, 29, 30, size - 1, size, size + 29) if cluster_of(routes, request(), value)]
    assert hits == [0, 29, size, size + 29]


def test_all_conditions_must_hold() -> None:
    match = {
        "prefix": "/",
        "headers": [{"name": "a"}, {"name": "b"}],
        "query_parameters": [{"name": "q"}, {"name": "r"}],
    }
    routes = table_of(route(match), route(cluster="rest"))
    assert cluster_of(routes, request("/?q&r", fields=[("a", ""), ("b", "")])) == "a"
    assert cluster_of(routes, request("/?q", fields=[("a", ""), ("b", "")])) == "rest"
    assert cluster_of(routes, request("/?q&r", fields=[("a", "")])) == "rest"


def test_what_is_not_supported_or_not_right_is_named_all_at_once() -> None:
    match = {
        "prefix": "/",
        "headers": [{"name": "a", "safe_regex_match": {"regex": "("}}],
        "query_parameters": [{"name": "q", "string_match": {"safe_regex": {"regex": ")"}}}],
        "tls_context": {"presented": True},
        "filter_state": [{"key": "k", "string_match": {"exact": "v"}}],
        "dynamic_metadata": [{"filter": "f", "path": [{"key": "k"}], "value": {"present_match": True}}],
    }
    at = "virtual_hosts[0].routes[0].match."
    assert set(route_problems(route(match))) == {
        at + "headers[0].safe_regex_match.regex",
        at + "query_parameters[0].string_match.safe_regex.regex",
        at + "tls_context",
        at + "filter_state",
        at + "dynamic_metadata",
    }
