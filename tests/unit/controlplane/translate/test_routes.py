"""Rules to routes."""

import pytest

from tests.mesh import CLIENT, HOST, REVIEWS, context_of
from tulle.controlplane.translate.routes import RouteScope, translate_http_routes
from tulle.protos.messages import Route
from tulle.protos.reading import to_dict
from tulle.protos.validate import validate

TO = "route: [{destination: {host: reviews}}]"


def routes(http: str) -> list[Route]:
    text = REVIEWS + (
        "---\n{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: r, namespace: shop},"
        f" spec: {{hosts: [reviews], http: {http}}}}}\n"
    )
    context = context_of(text)
    (resource,) = context.virtual_services_for(CLIENT)
    found = list(translate_http_routes(RouteScope(CLIENT, context, 9080), resource))
    assert [problem for route in found for problem in validate(route)] == []
    return found


def test_weights_go_to_the_subsets_clusters() -> None:
    (route,) = routes(
        "[{route: [{destination: {host: reviews, subset: v1}, weight: 90},"
        " {destination: {host: reviews, subset: v2}, weight: 10}]}]"
    )
    found = [(item.name, item.weight.value) for item in route.route.weighted_clusters.clusters]
    assert found == [(f"outbound|9080|v1|{HOST}", 90), (f"outbound|9080|v2|{HOST}", 10)]


MATCHES = [
    ("uri: {exact: /a}", {"path": "/a"}),
    ("uri: {prefix: /a}, ignoreUriCase: true", {"prefix": "/a", "case_sensitive": False}),
    ("uri: {regex: /a.*}", {"safe_regex": {"regex": "/a.*"}}),
    (
        "method: {exact: GET}",
        {"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
    ),
    (
        "headers: {a: {}}",
        {"prefix": "/", "headers": [{"name": "a", "present_match": True}]},
    ),
    (
        "withoutHeaders: {a: {prefix: x}}",
        {"prefix": "/", "headers": [{"name": "a", "invert_match": True, "string_match": {"prefix": "x"}}]},
    ),
    (
        "queryParams: {q: {regex: '[0-9]+'}}",
        {"prefix": "/", "query_parameters": [{"name": "q", "string_match": {"safe_regex": {"regex": "[0-9]+"}}}]},
    ),
]


@pytest.mark.parametrize(("match", "expected"), MATCHES)
def test_each_condition_becomes_envoys(match: str, expected: dict[str, object]) -> None:
    (route,) = routes(f"[{{match: [{{{match}}}], {TO}}}]")
    assert to_dict(route.match) == expected


def test_what_cannot_match_here_is_left_out_and_what_follows_a_catch_all_too() -> None:
    found = routes(
        f"[{{match: [{{port: 1}}, {{gateways: [other]}}, {{sourceLabels: {{a: b}}}}], {TO}}},"
        f" {{name: all, {TO}}}, {{name: never, {TO}}}]"
    )
    assert [route.name for route in found] == ["all"]


def test_rewrites_redirects_direct_responses_timeouts_and_headers() -> None:
    rewrite, redirect, direct = routes(
        f"[{{match: [{{uri: {{prefix: /a}}}}], rewrite: {{uri: /b, authority: h}}, timeout: 2s,"
        f" headers: {{request: {{set: {{x: y}}, remove: [z]}}}}, {TO}}},"
        " {match: [{uri: {exact: /r}}], redirect: {uri: /s, redirectCode: 308}},"
        " {directResponse: {status: 418, body: {string: tea}}}]"
    )
    assert (rewrite.route.prefix_rewrite, rewrite.route.host_rewrite_literal) == ("/b", "h")
    assert rewrite.route.timeout.seconds == 2
    assert (rewrite.request_headers_to_add[0].header.key, rewrite.request_headers_to_remove[:]) == ("x", ["z"])
    assert to_dict(redirect.redirect) == {"path_redirect": "/s", "response_code": "PERMANENT_REDIRECT"}
    assert (direct.direct_response.status, direct.direct_response.body.inline_string) == (418, "tea")


def test_a_host_that_is_set_as_a_header_becomes_the_host() -> None:
    (route,) = routes(f"[{{headers: {{request: {{set: {{Host: a.example, x: y}}}}}}, {TO}}}]")
    assert route.route.host_rewrite_literal == "a.example"
    assert [option.header.key for option in route.request_headers_to_add] == ["x"]
    (route,) = routes(
        "[{route: [{destination: {host: reviews}, weight: 1, headers: {request: {set: {':authority': b.example}}}},"
        " {destination: {host: reviews}, weight: 1}]}]"
    )
    hosts = [entry.host_rewrite_literal for entry in route.route.weighted_clusters.clusters]
    assert hosts == ["b.example", ""]
    (route,) = routes("[{route: [{destination: {host: reviews}, headers: {request: {set: {host: c.example}}}}]}]")
    assert route.route.host_rewrite_literal == "c.example"


@pytest.mark.parametrize(
    ("redirect", "port"),
    [("derivePort: FROM_REQUEST_PORT", 9080), ("derivePort: FROM_PROTOCOL_DEFAULT", 0), ("port: 81", 81)],
)
def test_a_redirect_goes_to_the_port_that_is_asked_for(redirect: str, port: int) -> None:
    (route,) = routes(f"[{{redirect: {{uri: /a, {redirect}}}}}]")
    assert route.redirect.port_redirect == port
