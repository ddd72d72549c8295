"""Redirects; the expected values were found with Envoy 1.40."""

from typing import Any

import pytest

from tests.support.route_tables import info_of, match, request, route_problems, table_of
from tulle.proxy.router.route import REDIRECT


def _location(redirect: dict[str, Any], target: str = "/p/x?q", host: str = "h", **of_match: Any) -> str:
    routes = table_of({"match": of_match or {"prefix": "/p"}, "redirect": redirect})
    headers = request(target, host, fields=[("x-a", "1")])
    found = match(routes, headers)
    assert found is not None
    assert found.kind == REDIRECT
    answer = found.redirect(headers, info_of(headers))
    assert answer is not None
    return answer.location.decode()


@pytest.mark.parametrize(
    ("redirect", "host", "location"),
    [
        ({"https_redirect": True}, "h:80", "https://h/p"),
        ({"https_redirect": True}, "h:443", "https://h:443/p"),
        ({"https_redirect": True}, "h:8080", "https://h:8080/p"),
        ({"https_redirect": True}, "[::1]:80", "https://[::1]/p"),
        ({"https_redirect": True}, "[::1]", "https://[::1]/p"),
        ({"https_redirect": True}, "", "https:///p"),
        ({"scheme_redirect": "http"}, "h:80", "http://h:80/p"),
        ({"scheme_redirect": "ftp"}, "h:80", "ftp://h/p"),
        ({"port_redirect": 8443}, "h:80", "http://h:8443/p"),
        ({"port_redirect": 8443}, "[::1]", "http://[::1]:8443/p"),
        ({"https_redirect": True, "port_redirect": 443}, "h:80", "https://h:443/p"),
        ({"host_redirect": "new.x"}, "h:80", "http://new.x/p"),
        ({"host_redirect": "new.x:1", "port_redirect": 9}, "h", "http://new.x:1:9/p"),
        ({}, "H.COM:7", "http://H.COM:7/p"),
    ],
)
def test_schemes_hosts_and_ports(redirect: dict[str, Any], host: str, location: str) -> None:
    assert _location(redirect, "/p", host) == location


@pytest.mark.parametrize(
    ("redirect", "path"),
    [
        ({}, "/p/x?q"),
        ({"strip_query": True}, "/p/x"),
        ({"path_redirect": "/np"}, "/np?q"),
        ({"path_redirect": "/np", "strip_query": True}, "/np"),
        ({"path_redirect": "/np?z=1"}, "/np?z=1"),
        ({"path_redirect": "/np?z=1#f", "strip_query": True}, "/np?z=1#f"),
        ({"path_redirect": "rel"}, "/rel?q"),
        ({"prefix_rewrite": "/pp"}, "/pp/x?q"),
        ({"regex_rewrite": {"pattern": {"regex": "^/p/(.*)$"}, "substitution": "/n/\\1"}}, "/n/x?q"),
        (
            {"regex_rewrite": {"pattern": {"regex": "^/p/(.*)$"}, "substitution": "/n/\\1"}, "strip_query": True},
            "/n/x",
        ),
        ({"regex_rewrite": {"pattern": {"regex": "^/none"}, "substitution": "/n"}}, "/p/x?q"),
        ({"regex_rewrite": {"pattern": {"regex": "^.*$"}, "substitution": ""}}, "/p/x?q"),
        ({"path_rewrite": "/pr/%REQ(x-a)%"}, "/pr/1?q"),
        ({"path_rewrite": "/pr/%REQ(x-none)%?z=1", "strip_query": True}, "/pr/?z=1"),
    ],
)
def test_paths_and_queries(redirect: dict[str, Any], path: str) -> None:
    assert _location(redirect) == f"http://h{path}"


def test_a_regex_route_redirects_with_its_whole_path_rewritten() -> None:
    assert _location({"prefix_rewrite": "/all"}, safe_regex={"regex": "/p/.*"}) == "http://h/all?q"


@pytest.mark.parametrize(
    ("redirect", "path", "original"),
    [
        ({"prefix_rewrite": "/pp"}, b"/pp/x?q", b"/p/x?q"),
        ({"path_redirect": "/np"}, b"/p/x?q", None),
        ({"regex_rewrite": {"pattern": {"regex": "^/none"}, "substitution": "/n"}}, b"/p/x?q", b"/p/x?q"),
    ],
)
def test_the_path_is_rewritten_for_the_log_as_envoy_does(
    redirect: dict[str, Any], path: bytes, original: bytes | None
) -> None:
    headers = request("/p/x?q")
    found = match(table_of({"match": {"prefix": "/p"}, "redirect": redirect}), headers)
    assert found is not None
    found.redirect(headers, info_of(headers))
    assert (headers[b":path"], headers.get(b"x-envoy-original-path")) == (path, original)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("MOVED_PERMANENTLY", 301),
        ("FOUND", 302),
        ("SEE_OTHER", 303),
        ("TEMPORARY_REDIRECT", 307),
        ("PERMANENT_REDIRECT", 308),
    ],
)
def test_each_status(code: str, status: int) -> None:
    headers = request()
    found = match(table_of({"match": {"prefix": "/"}, "redirect": {"response_code": code}}), headers)
    assert found is not None
    answer = found.redirect(headers, info_of(headers))
    assert answer is not None
    assert answer.status == status


def test_bad_patterns_and_formats_are_named() -> None:
    at = "virtual_hosts[0].routes[0].redirect."
    bad = {"regex_rewrite": {"pattern": {"regex": "("}, "substitution": ""}}
    assert route_problems({"match": {"prefix": "/"}, "redirect": bad}) == {
        at + "regex_rewrite.pattern.regex": "missing ): ("
    }
    assert set(route_problems({"match": {"prefix": "/"}, "redirect": {"path_rewrite": "%NOPE%"}})) == {
        at + "path_rewrite"
    }
