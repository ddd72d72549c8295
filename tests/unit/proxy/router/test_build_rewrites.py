"""Rewrites of routes; the expected values were found with Envoy 1.40."""

from typing import Any

import pytest

from tests.support.route_tables import edited, request, route, route_problems, table_of

MATCH_TYPE = "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
REWRITE_TYPE = "type.googleapis.com/envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig"


def _regex(pattern: str, substitution: str) -> dict[str, Any]:
    return {"pattern": {"regex": pattern}, "substitution": substitution}


def _template(text: str) -> dict[str, Any]:
    return {"path_match_policy": {"name": "t", "typed_config": {"@type": MATCH_TYPE, "path_template": text}}}


def _template_rewrite(text: str) -> dict[str, Any]:
    return {"name": "t", "typed_config": {"@type": REWRITE_TYPE, "path_template_rewrite": text}}


@pytest.mark.parametrize(
    ("match", "action", "target", "path"),
    [
        ({"prefix": "/s/"}, {"prefix_rewrite": "/"}, "/s/foo?b", "/foo?b"),
        ({"path": "/w", "case_sensitive": False}, {"prefix_rewrite": "/ww"}, "/W?x", "/ww?x"),
        ({"path_separated_prefix": "/s/x", "case_sensitive": False}, {"prefix_rewrite": "/S"}, "/S/X/y?z", "/S/y?z"),
        ({"safe_regex": {"regex": "/re/.*"}}, {"prefix_rewrite": "/whole"}, "/re/a?b=c", "/whole?b=c"),
        ({"prefix": "/"}, {"regex_rewrite": _regex("^/a/(.*)$", r"/\1/a")}, "/a/b?/a/", "/b/a?/a/"),
        ({"prefix": "/"}, {"path_rewrite": "/pr/%REQ(x-a)%"}, "/H?q", "/pr/1?q"),
        (_template("/T/{x}/{y}"), {"path_rewrite_policy": _template_rewrite("/{y}/{x}")}, "/T/a/b?q", "/b/a?q"),
    ],
)
def test_each_way_to_rewrite_a_path(match: Any, action: dict[str, Any], target: str, path: str) -> None:
    headers = edited(table_of(route(match, **action)), request(target, fields=[("x-a", "1")]))
    assert headers[b":path"].decode() == path
    assert headers[b"x-envoy-original-path"].decode() == target


@pytest.mark.parametrize(
    ("action", "host"),
    [
        ({"host_rewrite_literal": "lit"}, "lit"),
        ({"host_rewrite_header": "X-A"}, "1"),
        ({"host_rewrite_header": "x-none"}, None),
        ({"host_rewrite_path_regex": _regex("^/hp/(.+)/x$", r"\1")}, "name"),
        ({"host_rewrite": "h-%REQ(x-a)%-%REQ(:PATH)%"}, "h-1-/hp/name/x?y"),
        ({"host_rewrite": "%REQ(x-none)%"}, "-"),
        ({"auto_host_rewrite": True}, None),
        ({}, None),
    ],
)
def test_each_way_to_rewrite_a_host(action: dict[str, Any], host: str | None) -> None:
    headers = edited(table_of(route(**action)), request("/hp/name/x?y", fields=[("x-a", "1")]))
    assert headers[b":authority"].decode() == (host or "h")
    assert headers.get(b"x-envoy-original-host") == (b"h" if host else None)


def test_a_formatted_path_without_a_value_rewrites_nothing() -> None:
    headers = edited(table_of(route(path_rewrite="%REQ(x-a)%")), request("/J?q"))
    assert headers[b":path"] == b"/J?q"
    assert b"x-envoy-original-path" not in headers


def test_rewrites_that_make_no_sense_are_named() -> None:
    at = "virtual_hosts[0].routes[0].route."
    both = route_problems(route(prefix_rewrite="/x", regex_rewrite=_regex("x", "y")))
    assert set(both) == {at + "prefix_rewrite", at + "regex_rewrite"}
    assert set(route_problems(route(_template("/a/{x}"), prefix_rewrite="/b"))) == {at + "prefix_rewrite"}
    assert set(route_problems(route(path_rewrite_policy=_template_rewrite("/{x}")))) == {at + "path_rewrite_policy"}
    mismatch = route_problems(route(_template("/a/{x}"), path_rewrite_policy=_template_rewrite("/b/{y}")))
    assert set(mismatch) == {at + "path_rewrite_policy.typed_config.path_template_rewrite"}
    other = {"name": "t", "typed_config": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {}}}
    assert set(route_problems(route(path_rewrite_policy=other))) == {at + "path_rewrite_policy.typed_config"}
    assert set(route_problems(route(host_rewrite_path_regex=_regex("(", "")))) == {
        at + "host_rewrite_path_regex.pattern.regex"
    }
    assert set(route_problems(route(regex_rewrite=_regex("(", "")))) == {at + "regex_rewrite.pattern.regex"}
    assert set(route_problems(route(path_rewrite="%NOPE%"))) == {at + "path_rewrite"}
