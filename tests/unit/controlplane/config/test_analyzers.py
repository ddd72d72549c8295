"""Findings between resources: each row has exactly one."""

import pytest

from tests.mesh import REVIEWS
from tulle.api.loading import load_text
from tulle.controlplane.config.analyzers import ANALYZERS, analyze
from tulle.controlplane.config.store import state_of

API = "networking.istio.io/v1"
GATEWAY = f"{{apiVersion: {API}, kind: Gateway, metadata: {{name: gw, namespace: shop}}, spec: %s}}"
HTTP = "{selector: {istio: gw}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ['*']}]}"


def resource(kind: str, name: str, spec: str) -> str:
    return f"{{apiVersion: {API}, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, spec: {spec}}}"


def rule(http: str, more: str = "hosts: [reviews]", name: str = "r") -> str:
    return resource("VirtualService", name, f"{{{more}, http: {http}}}")


TO = "route: [{destination: {host: reviews}}]"
ROWS = [
    (rule("[{route: [{destination: {host: revews}}]}]"), "TUL0201", "spec.http[0].route[0].destination.host"),
    (
        resource("VirtualService", "r", "{hosts: [reviews], tcp: [{route: [{destination: {host: db.example}}]}]}"),
        "TUL0201",
        "spec.tcp[0].route[0].destination.host",
    ),
    (
        rule("[{route: [{destination: {host: reviews, subset: v11}}]}]"),
        "TUL0202",
        "spec.http[0].route[0].destination.subset",
    ),
    (rule(f"[{{{TO}}}]", "hosts: [reviews], gateways: [mesh, gw]"), "TUL0203", "spec.gateways[1]"),
    (rule(f"[{{{TO}}}]", "hosts: [reviews, reviews2]"), "TUL0209", "spec.hosts[1]"),
    (
        resource("DestinationRule", "d", "{host: reviews, subsets: [{name: v7, labels: {version: v7}}]}"),
        "TUL0205",
        "spec.subsets[0]",
    ),
    (resource("DestinationRule", "d", "{host: revews}"), "TUL0206", "spec.host"),
    (
        GATEWAY % HTTP + "\n---\n" + (GATEWAY % HTTP.replace("HTTP", "TCP")).replace("name: gw", "name: hw"),
        "TUL0207",
        "spec.servers[0].port.protocol",
    ),
    (
        rule(f"[{{match: [{{uri: {{exact: /a}}}}, {{uri: {{prefix: /}}}}], {TO}}}, {{{TO}}}, {{{TO}}}]"),
        "TUL0208",
        "spec.http[1]",
    ),
]


@pytest.mark.parametrize(("text", "code", "path"), ROWS)
def test_a_finding_is_named_by_code_field_and_place(text: str, code: str, path: str) -> None:
    result = load_text(f"{REVIEWS}---\n{text}", "mesh.yaml")
    assert not result.broken
    (problem,) = analyze(state_of(result.resources))
    assert (problem.code, problem.path) == (code, path)
    assert problem.place is not None
    assert problem.place.line > REVIEWS.count("\n")


RIVALS = [("hosts: [reviews]", "the first one is in force"), ("hosts: [b], gateways: [gw]", "in this order")]


@pytest.mark.parametrize(("more", "words"), RIVALS)
def test_rivals_are_told_at_both_of_them(more: str, words: str) -> None:
    rules = [rule(f"[{{{TO}}}]", more, name) for name in ("one", "two")]
    text = "\n---\n".join([REVIEWS, *rules, GATEWAY % HTTP])
    found = analyze(state_of(load_text(text, "mesh.yaml").resources))
    assert [(item.code, item.resource, item.path) for item in found] == [
        ("TUL0204", "VirtualService/shop/one", "spec.hosts[0]"),
        ("TUL0204", "VirtualService/shop/two", "spec.hosts[0]"),
    ]
    assert all(item.message.endswith(words) for item in found)


def test_a_close_name_is_offered() -> None:
    hints = [
        analyze(state_of(load_text(f"{REVIEWS}---\n{text}", "mesh.yaml").resources))[0].hint for text, *_ in ROWS[:3]
    ]
    assert hints == ["did you mean reviews.shop.svc.cluster.local?", "", "did you mean v1?"]


def test_hosts_are_not_alike_because_of_the_domain_that_they_share() -> None:
    text = f"{REVIEWS}---\n{rule(f'[{{{TO}}}]', 'hosts: [b]')}"
    (problem,) = analyze(state_of(load_text(text, "mesh.yaml").resources))
    assert problem.hint == "a ServiceEntry makes b.shop.svc.cluster.local known to the mesh"


FINE = [
    rule(f"[{{match: [{{headers: {{a: {{}}}}}}], {TO}}}, {{match: [{{port: 80}}], {TO}}}, {{{TO}}}]"),
    rule(f"[{{{TO}}}]", "hosts: [a], gateways: [gw]") + "\n---\n" + GATEWAY % HTTP,
    resource("ServiceEntry", "e", "{hosts: ['*.example'], ports: [{number: 80, protocol: HTTP}]}")
    + "\n---\n"
    + rule("[{route: [{destination: {host: a.example}}]}]", "hosts: [a.example]"),
    rule(f"[{{{TO}}}]", "hosts: [reviews], exportTo: ['.']", "one") + "\n---\n" + rule(f"[{{{TO}}}]", name="two"),
    resource("DestinationRule", "d", "{host: '*.shop.svc.cluster.local', subsets: [{name: v9, labels: {a: b}}]}"),
]


@pytest.mark.parametrize("text", FINE)
def test_what_is_in_order_has_no_finding(text: str) -> None:
    result = load_text(f"{REVIEWS}---\n{text}", "mesh.yaml")
    assert not result.broken
    assert analyze(state_of(result.resources)) == ()


def test_rules_alone_are_not_blamed_for_services_that_stand_elsewhere() -> None:
    text = rule("[{route: [{destination: {host: a, subset: b}}]}]") + "\n---\n" + resource(
        "DestinationRule", "d", "{host: z, subsets: [{name: v1}]}"
    ).replace("host: z", "host: a").replace("name: v1", "name: b")  # fmt: skip
    assert analyze(state_of(load_text(text, "a.yaml").resources)) == ()


def test_every_analyzer_stands_in_the_list_once() -> None:
    assert len(set(ANALYZERS)) == len(ANALYZERS)
