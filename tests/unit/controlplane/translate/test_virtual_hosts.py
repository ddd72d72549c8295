"""Route configurations."""

from dataclasses import replace

from tests.mesh import CLIENT, EXPLICIT, HOST, REVIEWS, context_of
from tulle.controlplane.translate.virtual_hosts import (
    translate_gateway_routes,
    translate_http_proxy_routes,
    translate_inbound_routes,
    translate_port_routes,
)
from tulle.protos.validate import validate

GATEWAY = """
---
{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: shop},
 spec: {selector: {istio: gw}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*.example.com']}]}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: in, namespace: shop},
 spec: {hosts: [shop.example.com, other.org], gateways: [gw], http: [{route: [{destination: {host: reviews}}]}]}}
"""


def test_clients_of_the_same_namespace_may_use_the_short_name() -> None:
    context = context_of(REVIEWS)
    own = translate_port_routes(CLIENT, context, 9080).virtual_hosts[0]
    assert own.name == f"{HOST}:9080"
    assert own.domains[:] == [HOST, "reviews.shop.svc", "reviews.shop", "reviews", "10.0.0.1"]
    foreign = translate_port_routes(replace(CLIENT, namespace="x"), context, 9080).virtual_hosts[0]
    assert "reviews" not in foreign.domains


def test_unknown_hosts_are_passed_on_or_blocked_as_the_mesh_says() -> None:
    assert translate_port_routes(CLIENT, context_of(REVIEWS), 9080).virtual_hosts[-1].name == "allow_any"
    closed = REVIEWS + (
        "---\n{apiVersion: mesh.istio.io/v1alpha1, kind: MeshConfig, metadata: {name: mesh},"
        " spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}}"
    )
    last = translate_port_routes(CLIENT, context_of(closed), 9080).virtual_hosts[-1]
    assert (last.name, last.routes[0].direct_response.status) == ("block_all", 502)


def test_the_http_proxy_port_tells_services_apart_by_the_port_in_the_host() -> None:
    config = translate_http_proxy_routes(EXPLICIT, context_of(REVIEWS))
    assert "reviews:9080" in config.virtual_hosts[0].domains
    assert validate(config) == []


def test_a_gateway_serves_the_hosts_that_rule_and_server_share() -> None:
    node = replace(CLIENT, kind="router", labels={"istio": "gw"})
    config = translate_gateway_routes(node, context_of(REVIEWS + GATEWAY), 80)
    assert [host.domains[:] for host in config.virtual_hosts] == [["shop.example.com"]]
    route = config.virtual_hosts[0].routes[0].route
    assert route.cluster == f"outbound|9080||{HOST}"


def test_inbound_routes_lead_to_the_application() -> None:
    config = translate_inbound_routes(8080, "/")
    assert config.virtual_hosts[0].routes[0].route.cluster == "inbound|8080||"


LONE = """
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: lone, namespace: shop},
 spec: {hosts: [HOSTS], http: [{directResponse: {status: 204}}]}}
"""


def lone(hosts: str, port: int) -> list[tuple[str, list[str]]]:
    context = context_of(REVIEWS + LONE.replace("HOSTS", hosts))
    config = translate_port_routes(CLIENT, context, port)
    assert validate(config) == []
    return [
        (host.name, list(host.domains)) for host in config.virtual_hosts if host.routes[0].direct_response.status == 204
    ]


def test_a_host_that_no_service_has_follows_its_rules_at_port_80() -> None:
    expected = ("reviews2.shop.svc.cluster.local:80", ["reviews2.shop.svc.cluster.local"])
    assert lone("reviews2, '*', '*.example.com'", 9081) == []
    assert lone("reviews2", 80) == [expected]
    assert lone("'*.example.com'", 80) == [("*.example.com:80", ["*.example.com"])]
    assert lone("reviews2", 9080) == []


def test_a_host_that_no_service_has_is_served_at_the_ports_of_the_services_of_its_rule() -> None:
    names = [name for name, _ in lone("reviews, other.example", 9080)]
    assert names == [f"{HOST}:9080", "other.example:9080"]
    assert lone("reviews, other.example", 80) == []
