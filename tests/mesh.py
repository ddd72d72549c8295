"""A small mesh as text, for tests of the control plane."""

from tulle.api.loading import load_text
from tulle.controlplane.config.store import state_of
from tulle.controlplane.push.context import PushContext, build_context
from tulle.controlplane.push.node import Node

REVIEWS = """
{apiVersion: v1, kind: Service, metadata: {name: reviews, namespace: shop},
 spec: {clusterIP: 10.0.0.1, ports: [{port: 9080, name: http}], selector: {app: reviews}}}
---
{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: r1, namespace: shop},
 spec: {address: 10.1.0.1, labels: {app: reviews, version: v1}, locality: eu/a}}
---
{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: r2, namespace: shop},
 spec: {address: 10.1.0.2, labels: {app: reviews, version: v2}, weight: 3}}
---
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: reviews, namespace: shop},
 spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}
"""
HOST = "reviews.shop.svc.cluster.local"
CLIENT = Node("sidecar~10.9.9.9~client.shop~shop.svc.cluster.local", ip_addresses=("10.9.9.9",), namespace="shop")
EXPLICIT = Node("x", ip_addresses=("127.9.0.9",), namespace="shop", interception_mode="NONE", labels={"app": "web"})


def context_of(text: str) -> PushContext:
    """The push context of resources; a broken one fails the test."""
    result = load_text(text, "mesh.yaml")
    assert not result.broken, [str(problem) for problem in result.problems]
    return build_context(state_of(result.resources))
