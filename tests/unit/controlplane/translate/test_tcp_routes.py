"""Rules for connections."""

from dataclasses import replace

from tests.mesh import CLIENT, HOST, REVIEWS, context_of
from tulle.controlplane.push.node import Node
from tulle.controlplane.translate.listeners import translate_listeners
from tulle.controlplane.translate.routes import RouteScope
from tulle.controlplane.translate.tcp_routes import rule_filter, tcp_filter
from tulle.protos.messages import Filter, TcpProxy
from tulle.protos.reading import to_dict

TCP = REVIEWS.replace("name: http}", "name: tcp}")
V1, V2 = f"outbound|9080|v1|{HOST}", f"outbound|9080|v2|{HOST}"
SPLIT = (
    "route: [{destination: {host: reviews, subset: v1}, weight: 3},"
    " {destination: {host: reviews, subset: v2}, weight: 1}]"
)


def with_rule(tcp: str, more: str = "hosts: [reviews]") -> str:
    return TCP + (
        "---\n{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: r, namespace: shop},"
        f" spec: {{{more}, tcp: {tcp}}}}}\n"
    )


def proxy_of(filter_: Filter | None) -> dict[str, object]:
    assert filter_ is not None
    found = TcpProxy()
    assert filter_.typed_config.Unpack(found)
    return to_dict(found)


def rule_for(text: str, node: Node = CLIENT) -> Filter | None:
    return rule_filter(RouteScope(node, context_of(text), 9080), HOST)


def test_weights_of_connections_go_to_the_subsets() -> None:
    clusters = [{"name": V1, "weight": 3}, {"name": V2, "weight": 1}]
    assert proxy_of(rule_for(with_rule(f"[{{{SPLIT}}}]")))["weighted_clusters"] == {"clusters": clusters}


def test_a_destination_without_weight_gets_nothing_and_a_single_one_gets_all() -> None:
    alone = "route: [{destination: {host: reviews, subset: v2}}]"
    assert proxy_of(rule_for(with_rule(f"[{{{alone}}}]"))) == {"stat_prefix": V2, "cluster": V2}
    none = SPLIT.replace("weight: 3", "weight: 0")
    assert proxy_of(rule_for(with_rule(f"[{{{none}}}]")))["cluster"] == V2


def test_a_rule_whose_conditions_do_not_hold_is_passed_over() -> None:
    for match in ("port: 1", "gateways: [other]", "sourceLabels: {a: b}", "sourceNamespace: x"):
        assert rule_for(with_rule(f"[{{match: [{{{match}}}], {SPLIT}}}]")) is None
    fits = "match: [{port: 1}, {port: 9080, gateways: [mesh], sourceLabels: {a: b}}]"
    assert rule_for(with_rule(f"[{{{fits}, {SPLIT}}}]"), replace(CLIENT, labels={"a": "b"})) is not None
    assert rule_for(TCP) is None


def test_a_sidecar_and_a_gateway_listen_with_the_rule() -> None:
    rule = with_rule(f"[{{{SPLIT}}}]", "hosts: [reviews], gateways: [mesh, gw]")
    gateway = (
        "---\n{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: shop}, spec:"
        " {selector: {istio: gw}, servers: [{port: {number: 9080, name: t, protocol: TCP}, hosts: ['*']}]}}\n"
    )
    context = context_of(rule + gateway)
    router = replace(CLIENT, kind="router", labels={"istio": "gw"})
    for node, name in ((CLIENT, "10.0.0.1_9080"), (router, "0.0.0.0_9080")):
        (listener,) = [item for item in translate_listeners(node, context) if item.name == name]
        assert "weighted_clusters" in proxy_of(listener.filter_chains[0].filters[0])


def test_without_a_rule_all_connections_go_to_one_cluster() -> None:
    assert proxy_of(tcp_filter("c")) == {"stat_prefix": "c", "cluster": "c"}
