"""Each permission and principal, on a stream that is only what they look at."""

from types import SimpleNamespace
from typing import Any

import pytest

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import RbacPermission, RbacPrincipal
from tulle.protos.reading import parse_message
from tulle.proxy.headers import Headers
from tulle.proxy.http.filters.rbac_rules import build_permission, build_principal

TEMPLATE = "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
META = {"filter": "f", "path": [{"key": "a"}, {"key": "b"}], "value": {"string_match": {"exact": "x"}}}


def stream() -> Any:
    info = SimpleNamespace(
        remote="10.1.2.3:99",
        direct_remote="10.9.9.9:99",
        local="[::1]:443",
        local_port=443,
        requested_server_name="sni",
    )
    return SimpleNamespace(
        request=Headers({b":path": b"/a/b?q#f", b":method": b"GET", b":authority": b"h"}),
        connection=SimpleNamespace(info=info),
        downstream_remote="192.168.0.1:0",
        metadata={"f": {"a": {"b": "x"}}},
        route=SimpleNamespace(metadata={"f": {"a": {"b": "x"}}}),
    )


def permits(proto: dict[str, Any]) -> bool:
    problems: list[FieldProblem] = []
    rule = build_permission([parse_message(RbacPermission, proto)], "p", problems)
    assert not problems
    return rule.holds(stream())


def is_principal(proto: dict[str, Any]) -> bool:
    problems: list[FieldProblem] = []
    rule = build_principal([parse_message(RbacPrincipal, proto)], "p", problems)
    assert not problems
    return rule.holds(stream())


ANY, NONE = {"any": True}, {"header": {"name": "none"}}


@pytest.mark.parametrize(
    ("proto", "holds"),
    [
        (ANY, True),
        ({"and_rules": {"rules": [ANY, ANY]}}, True),
        ({"and_rules": {"rules": [ANY, NONE]}}, False),
        ({"or_rules": {"rules": [NONE, ANY]}}, True),
        ({"or_rules": {"rules": [NONE, NONE]}}, False),
        ({"not_rule": NONE}, True),
        ({"header": {"name": ":method", "string_match": {"exact": "GET"}}}, True),
        ({"url_path": {"path": {"exact": "/a/b"}}}, True),
        ({"url_path": {"path": {"exact": "/a/b?q#f"}}}, False),
        ({"destination_ip": {"address_prefix": "::1", "prefix_len": 128}}, True),
        ({"destination_ip": {"address_prefix": "0.0.0.0", "prefix_len": 0}}, False),
        ({"destination_port": 443}, True),
        ({"destination_port": 444}, False),
        ({"destination_port_range": {"start": 443, "end": 444}}, True),
        ({"destination_port_range": {"start": 1, "end": 443}}, False),
        ({"requested_server_name": {"exact": "sni"}}, True),
        ({"uri_template": {"name": "t", "typed_config": {"@type": TEMPLATE, "path_template": "/a/{x}"}}}, True),
        ({"metadata": META}, True),
        ({"metadata": {**META, "invert": True}}, False),
        ({"metadata": {**META, "filter": "other"}}, False),
        ({"sourced_metadata": {"metadata_matcher": META, "metadata_source": "ROUTE"}}, True),
    ],
)
def test_permissions(proto: dict[str, Any], holds: bool) -> None:
    assert permits(proto) is holds


@pytest.mark.parametrize(
    ("proto", "holds"),
    [
        (ANY, True),
        ({"and_ids": {"ids": [ANY, NONE]}}, False),
        ({"or_ids": {"ids": [NONE, ANY]}}, True),
        ({"not_id": ANY}, False),
        ({"source_ip": {"address_prefix": "10.1.0.0", "prefix_len": 16}}, True),
        ({"direct_remote_ip": {"address_prefix": "10.9.9.9", "prefix_len": 32}}, True),
        ({"remote_ip": {"address_prefix": "192.168.0.0", "prefix_len": 24}}, True),
        ({"remote_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}, False),
        ({"url_path": {"path": {"prefix": "/a"}}}, True),
    ],
)
def test_principals(proto: dict[str, Any], holds: bool) -> None:
    assert is_principal(proto) is holds


def test_one_of_several_is_enough() -> None:
    protos = [parse_message(RbacPermission, each) for each in (NONE, ANY)]
    assert build_permission(protos, "p", []).holds(stream())


def test_a_path_is_no_address_and_no_route_has_no_metadata() -> None:
    seen = stream()
    seen.connection.info.remote, seen.route = "/run/socket", None
    ip = {"source_ip": {"address_prefix": "0.0.0.0", "prefix_len": 0}}
    assert not build_principal([parse_message(RbacPrincipal, ip)], "p", []).holds(seen)
    of_route = {"sourced_metadata": {"metadata_matcher": META, "metadata_source": "ROUTE"}}
    assert not build_principal([parse_message(RbacPrincipal, of_route)], "p", []).holds(seen)
    del seen.request[b":path"]
    path = {"url_path": {"path": {"prefix": ""}}}
    assert not build_permission([parse_message(RbacPermission, path)], "p", []).holds(seen)


@pytest.mark.parametrize(
    ("proto", "path"),
    [
        ({"header": {"name": "a", "safe_regex_match": {"regex": "("}}}, "p[0].header.safe_regex_match.regex"),
        ({"destination_ip": {"address_prefix": "nonsense"}}, "p[0].destination_ip"),
        ({"destination_port_range": {"start": -1, "end": 5}}, "p[0].destination_port_range.start"),
        ({"matcher": {"name": "m"}}, "p[0].matcher"),
        ({}, "p[0]"),
        ({"uri_template": {"name": "t"}}, "p[0].uri_template.typed_config"),
        (
            {"uri_template": {"name": "t", "typed_config": {"@type": TEMPLATE, "path_template": "{"}}},
            "p[0].uri_template.typed_config.path_template",
        ),
    ],
)
def test_what_is_wrong_is_named(proto: dict[str, Any], path: str) -> None:
    problems: list[FieldProblem] = []
    build_permission([parse_message(RbacPermission, proto)], "p", problems)
    assert [problem.path for problem in problems] == [path]
