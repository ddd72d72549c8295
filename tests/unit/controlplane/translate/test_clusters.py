"""Clusters and endpoints."""

from dataclasses import replace

from tests.mesh import CLIENT, HOST, REVIEWS, context_of
from tulle.controlplane.translate.clusters import translate_clusters, translate_load_assignments
from tulle.protos.messages import Cluster, HttpProtocolOptions
from tulle.protos.validate import validate

POLICY = """
---
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: a, namespace: shop},
 spec: {host: reviews.shop.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN},
  connectionPool: {tcp: {maxConnections: 7, connectTimeout: 2s}, http: {h2UpgradePolicy: UPGRADE}}}}}
"""


def clusters(text: str, node: object = CLIENT) -> dict[str, Cluster]:
    found = {item.name: item for item in translate_clusters(node, context_of(text))}  # type: ignore[arg-type]
    assert [problem for item in found.values() for problem in validate(item)] == []
    return found


def test_a_service_has_a_cluster_per_port_and_subset_in_istios_names() -> None:
    found = clusters(REVIEWS)
    assert {f"outbound|9080|{subset}|{HOST}" for subset in ("", "v1", "v2")} <= set(found)
    assert {"BlackHoleCluster", "PassthroughCluster", "InboundPassthroughCluster"} <= set(found)
    assert found[f"outbound|9080||{HOST}"].lb_policy == Cluster.LEAST_REQUEST


def test_a_traffic_policy_sets_balancing_limits_timeout_and_http2() -> None:
    text = REVIEWS[: REVIEWS.rindex("---")] + POLICY
    cluster = clusters(text)[f"outbound|9080||{HOST}"]
    assert cluster.lb_policy == Cluster.ROUND_ROBIN
    assert cluster.circuit_breakers.thresholds[0].max_connections.value == 7
    assert cluster.connect_timeout.seconds == 2
    options = HttpProtocolOptions()
    assert next(iter(cluster.typed_extension_protocol_options.values())).Unpack(options)
    assert options.explicit_http_config.HasField("http2_protocol_options")


def test_the_application_behind_a_sidecar_is_an_inbound_cluster() -> None:
    found = clusters(REVIEWS, replace(CLIENT, ip_addresses=("10.1.0.1",)))
    endpoint = found["inbound|9080||"].load_assignment.endpoints[0].lb_endpoints[0].endpoint
    assert endpoint.address.socket_address.address == "127.0.0.1"


def test_endpoints_are_grouped_by_locality_and_chosen_by_subset() -> None:
    context = context_of(REVIEWS)
    all_of_it, first = f"outbound|9080||{HOST}", f"outbound|9080|v1|{HOST}"
    found = {item.cluster_name: item for item in translate_load_assignments(CLIENT, context, {all_of_it, first})}
    assert [len(group.lb_endpoints) for group in found[all_of_it].endpoints] == [1, 1]
    assert found[all_of_it].endpoints[0].locality.region == "eu"
    (group,) = found[first].endpoints
    assert group.lb_endpoints[0].endpoint.address.socket_address.address == "10.1.0.1"
