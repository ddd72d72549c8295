"""Listeners."""

from dataclasses import replace

import pytest

from tests.mesh import CLIENT, EXPLICIT, REVIEWS, context_of
from tulle.controlplane.push.node import Node
from tulle.controlplane.translate.listeners import translate_listeners
from tulle.protos.messages import HttpConnectionManager, Listener
from tulle.protos.validate import validate

SIDECAR = """
---
{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: web, namespace: shop},
 spec: {workloadSelector: {labels: {app: web}},
  ingress: [{port: {number: 8000, protocol: HTTP, name: http}, defaultEndpoint: '127.0.0.1:9'}],
  egress: [{port: {number: 20001, protocol: HTTP, name: r}, hosts: ['*/reviews.shop.svc.cluster.local']},
           {hosts: ['*/*']}]}}
"""


def listeners(text: str, node: Node) -> dict[str, Listener]:
    found = {item.name: item for item in translate_listeners(node, context_of(text))}
    assert [problem for item in found.values() for problem in validate(item)] == []
    return found


def test_captured_traffic_enters_by_virtual_outbound_and_virtual_inbound() -> None:
    found = listeners(REVIEWS, replace(CLIENT, ip_addresses=("10.1.0.1",)))
    assert set(found) == {"virtualOutbound", "virtualInbound", "0.0.0.0_9080"}
    assert found["virtualOutbound"].use_original_dst.value
    assert not found["0.0.0.0_9080"].bind_to_port.value
    ports = [chain.filter_chain_match.destination_port.value for chain in found["virtualInbound"].filter_chains]
    assert ports == [15006, 9080, 0]


def test_without_capture_the_proxy_listens_only_where_it_is_told() -> None:
    found = listeners(REVIEWS + SIDECAR, EXPLICIT)
    assert set(found) == {"127.9.0.9_8000", "127.9.0.9_15007", "127.9.0.9_20001"}


def test_a_gateway_listens_at_the_target_port_of_its_service() -> None:
    text = (
        REVIEWS
        + """
---
{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: edge},
 spec: {selector: {istio: gw}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: gw, namespace: edge},
 spec: {ports: [{port: 80, name: http, targetPort: 8080}], selector: {istio: gw}}}
---
{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: gw, namespace: edge},
 spec: {address: 10.3.0.1, labels: {istio: gw}}}
"""
    )
    node = Node("gw", "router", ("10.3.0.1",), "edge", {"istio": "gw"})
    (listener,) = listeners(text, node).values()
    assert listener.name == "0.0.0.0_80"
    assert listener.address.socket_address.port_value == 8080


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("NONE", (False, False, 0)),
        ("DEFAULT", (True, False, 0)),
        ("BASE", (True, False, 0)),
        ("MERGE_SLASHES", (True, True, 0)),
        ("DECODE_AND_MERGE_SLASHES", (True, True, HttpConnectionManager.UNESCAPE_AND_FORWARD)),
    ],
)
def test_paths_are_normalized_as_the_mesh_says(how: str, expected: tuple[bool, bool, int]) -> None:
    mesh = f"""
---
{{apiVersion: mesh.istio.io/v1alpha1, kind: MeshConfig, metadata: {{name: m}},
 spec: {{pathNormalization: {{normalization: {how}}}}}}}
"""
    manager = HttpConnectionManager()
    listeners(REVIEWS + mesh, CLIENT)["0.0.0.0_9080"].filter_chains[0].filters[0].typed_config.Unpack(manager)
    found = (manager.normalize_path.value, manager.merge_slashes, manager.path_with_escaped_slashes_action)
    assert found == expected
    assert not manager.use_remote_address.value
