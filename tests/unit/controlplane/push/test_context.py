"""What the push context answers."""

from dataclasses import replace

from tests.mesh import CLIENT, EXPLICIT, HOST, REVIEWS, context_of

SIDECAR = """
---
{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: %s, namespace: %s}, spec: %s}
"""


def test_a_sidecar_for_the_workload_wins_over_one_for_the_namespace_and_the_root() -> None:
    text = (
        REVIEWS
        + SIDECAR % ("root", "istio-system", "{egress: [{hosts: ['*/*']}]}")
        + SIDECAR % ("ns", "shop", "{egress: [{hosts: ['./*']}]}")
        + SIDECAR % ("web", "shop", "{workloadSelector: {labels: {app: web}}, egress: [{hosts: ['~/*']}]}")
    )
    context = context_of(text)
    chosen = [context.sidecar_for(node) for node in (EXPLICIT, CLIENT, replace(CLIENT, namespace="x"))]
    assert [item.metadata.name for item in chosen if item] == ["web", "ns", "root"]
    assert context.services_for(EXPLICIT) == ()
    assert [service.hostname for service in context.services_for(CLIENT)] == [HOST]


def test_a_service_that_is_not_exported_is_not_seen_elsewhere() -> None:
    private = REVIEWS.replace(
        "namespace: shop},\n spec: {clusterIP",
        ("namespace: shop, annotations: {networking.istio.io/exportTo: .}},\n spec: {clusterIP"),
    )
    context = context_of(private)
    assert context.services_for(CLIENT)
    assert not context.services_for(replace(CLIENT, namespace="other"))


def test_the_rule_of_the_clients_namespace_wins_and_subsets_of_one_host_are_merged() -> None:
    head = "---\n{apiVersion: networking.istio.io/v1, kind: DestinationRule, "
    rule = head + "metadata: {name: %s, namespace: %s}, spec: %s}\n"
    text = (
        REVIEWS
        + rule % ("more", "shop", "{host: reviews, subsets: [{name: v3, labels: {version: v3}}]}")
        + rule % ("own", "client", "{host: '*.svc.cluster.local'}")
    )
    context = context_of(text)
    merged = context.destination_rule_for(CLIENT, HOST)
    assert merged is not None
    assert {subset.name for subset in merged.spec.subsets} == {"v1", "v2", "v3"}
    own = context.destination_rule_for(replace(CLIENT, namespace="client"), HOST)
    assert own is not None
    assert own.metadata.name == "own"


def test_the_workload_behind_a_proxy_is_found_by_its_address() -> None:
    node = replace(CLIENT, ip_addresses=("10.1.0.2",))
    ((service, port, endpoint),) = context_of(REVIEWS).inbound_of(node)
    assert (service.hostname, port.number, endpoint.workload) == (HOST, 9080, "r2")
