"""Matching requests."""

from typing import Any

import pytest

from tests.support.route_tables import Json, cluster_of, info_of, match, request, route, table, table_of
from tulle.proxy.router.route import REDIRECT


def _two_hosts() -> Json:
    return {
        "virtual_hosts": [
            {"name": "one", "domains": ["one.com"], "routes": [route({"prefix": "/a"}, "1a"), route(cluster="1")]},
            {"name": "rest", "domains": ["*"], "routes": [route({"path": "/b"}, "2b")]},
        ]
    }


def test_the_virtual_host_decides_first_then_the_route() -> None:
    routes = table(_two_hosts())
    assert cluster_of(routes, request("/a?x", "one.com")) == "1a"
    assert cluster_of(routes, request("/b", "ONE.com")) == "1"
    assert cluster_of(routes, request("/b", "two.com")) == "2b"
    assert cluster_of(routes, request("/a", "two.com")) is None


def test_without_a_virtual_host_there_is_no_route() -> None:
    routes = table({"virtual_hosts": [{"name": "v", "domains": ["h"], "routes": [route()]}]})
    assert match(routes, request(host="other")) is None


def test_a_single_route_for_everything_is_found_at_once() -> None:
    routes = table_of(route())
    assert cluster_of(routes, request("/any?q")) == "a"
    assert cluster_of(routes, request("*", method="OPTIONS")) is None
    assert cluster_of(routes, request(None, method="CONNECT")) is None
    assert cluster_of(table_of(route({"prefix": ""})), request("*", method="OPTIONS")) == "a"


@pytest.mark.parametrize(
    ("requirement", "fields", "redirects"),
    [
        ("ALL", [], True),
        ("ALL", [("x-envoy-internal", "true")], True),
        ("EXTERNAL_ONLY", [], True),
        ("EXTERNAL_ONLY", [("x-envoy-internal", "true")], False),
        ("NONE", [], False),
    ],
)
def test_a_virtual_host_can_require_tls(requirement: str, fields: list[Any], redirects: bool) -> None:
    routes = table_of(
        route(),
        require_tls=requirement,
        response_headers_to_add=[{"header": {"key": "x", "value": "y"}}],
    )
    headers = request("/a?b", "h:80", fields=fields)
    found = match(routes, headers)
    assert found is not None
    assert (found.kind == REDIRECT) is redirects
    if redirects:
        answer = found.redirect(headers, info_of(headers))
        assert answer is not None
        assert (answer.status, answer.location) == (301, b"https://h:80/a?b")
        assert found.response_edit is None
    headers[b"x-forwarded-proto"] = b"https"
    assert cluster_of(routes, headers) == "a"
