"""What routes ask of paths."""

from typing import Any

import pytest

from tests.support.route_tables import cluster_of, request, route, route_problems, table_of
from tulle.protos.messages import RouteMatch
from tulle.protos.reading import parse_message
from tulle.proxy.router.path_rules import build_path_rule

PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/A", "/A/b", "/b/a", "*"]


@pytest.mark.parametrize(
    ("match", "fitting"),
    [
        ({"prefix": "/"}, PATHS[:-1]),
        ({"prefix": ""}, PATHS),
        ({"prefix": "/a"}, ["/a", "/a/", "/a/b", "/ab"]),
        ({"prefix": "/A", "case_sensitive": False}, ["/a", "/a/", "/a/b", "/ab", "/A", "/A/b"]),
        ({"path": "/a"}, ["/a"]),
        ({"path": "/A", "case_sensitive": False}, ["/a", "/A"]),
        ({"path_separated_prefix": "/a"}, ["/a", "/a/", "/a/b"]),
        ({"path_separated_prefix": "/a", "case_sensitive": False}, ["/a", "/a/", "/a/b", "/A", "/A/b"]),
        ({"safe_regex": {"regex": "/a/?.?"}}, ["/a", "/a/", "/a/b", "/ab"]),
    ],
)
def test_each_kind_of_rule_fits_its_paths(match: dict[str, Any], fitting: list[str]) -> None:
    rule = build_path_rule(parse_message(RouteMatch, match), "", [])
    assert [path for path in PATHS if rule.fits(path.encode())] == fitting
    routes = table_of(route(match))
    assert [path for path in PATHS if cluster_of(routes, request(f"{path}?x=/a"))] == fitting


def test_a_path_with_a_question_mark_never_fits() -> None:
    routes = table_of(route({"path": "/a?b"}))
    assert cluster_of(routes, request("/a?b")) is None


def test_a_connect_matcher_takes_tunnels_with_and_without_a_path() -> None:
    routes = table_of(route({"prefix": "/x"}, "x"), route({"connect_matcher": {}}, "tunnel"), route(cluster="rest"))
    assert cluster_of(routes, request(None, "h:1", "CONNECT")) == "tunnel"
    assert cluster_of(routes, request("/y", method="CONNECT")) == "tunnel"
    assert cluster_of(routes, request("/y", fields=[("upgrade", "CONNECT-UDP")])) == "tunnel"
    assert cluster_of(routes, request("/x", method="CONNECT")) == "x"
    assert cluster_of(routes, request("/y")) == "rest"
    assert cluster_of(routes, request(None)) is None


def test_a_uri_template_is_a_rule_too() -> None:
    config = {
        "@type": "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
        "path_template": "/a/{x}",
    }
    routes = table_of(route({"path_match_policy": {"name": "t", "typed_config": config}}))
    assert cluster_of(routes, request("/a/b?q")) == "a"
    assert cluster_of(routes, request("/a/b/c")) is None


def test_rules_that_cannot_be_built_are_named() -> None:
    at = "virtual_hosts[0].routes[0].match"
    template = {
        "@type": "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
        "path_template": "/a/**/*",
    }
    other = {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {}}
    assert route_problems(route({"safe_regex": {"regex": "(?=a)"}})) == {
        f"{at}.safe_regex.regex": "invalid perl operator: (?="
    }
    assert route_problems(route({"path_match_policy": {"name": "t", "typed_config": template}})) == {
        f"{at}.path_match_policy.typed_config.path_template": "/a/**/* is invalid: Glob after text glob."
    }
    assert list(route_problems(route({"path_match_policy": {"name": "t", "typed_config": other}}))) == [
        f"{at}.path_match_policy.typed_config"
    ]
    assert list(route_problems(route({}))) == [at]
