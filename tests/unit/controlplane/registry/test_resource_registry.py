"""Services and endpoints from resources."""

from tests.mesh import HOST, REVIEWS, context_of
from tulle.model.service import Resolution


def test_a_service_selects_workload_entries_of_its_namespace_by_their_labels() -> None:
    other = REVIEWS + (
        "---\n{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: x, namespace: other},"
        " spec: {address: 10.1.0.9, labels: {app: reviews}}}"
    )
    found = context_of(other).endpoints_of(HOST, 9080)
    assert [(item.address, item.port, item.weight) for item in found] == [("10.1.0.1", 9080, 1), ("10.1.0.2", 9080, 3)]


def test_named_target_ports_are_looked_up_in_the_pod() -> None:
    text = """
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, targetPort: web}], selector: {app: a}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: a}},
 spec: {containers: [{ports: [{name: web, containerPort: 8080}]}]}, status: {podIP: 10.0.0.5, phase: Running}}
---
{apiVersion: v1, kind: Pod, metadata: {name: q, labels: {app: a}},
 spec: {containers: []}, status: {podIP: 10.0.0.6, phase: Pending}}
"""
    found = context_of(text).endpoints_of("a.default.svc.cluster.local", 80)
    assert [(item.address, item.port) for item in found] == [("10.0.0.5", 8080)]


def test_endpoint_slices_decide_where_they_exist() -> None:
    text = """
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, name: http}], selector: {app: a}}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice,
 metadata: {name: s, labels: {kubernetes.io/service-name: a}}, ports: [{name: http, port: 8080}],
 endpoints: [{addresses: [10.0.0.7]}, {addresses: [10.0.0.8], conditions: {ready: false}}]}
"""
    found = context_of(text).endpoints_of("a.default.svc.cluster.local", 80)
    assert [(item.address, item.port) for item in found] == [("10.0.0.7", 8080)]


def test_a_service_entry_without_endpoints_resolves_its_own_host() -> None:
    text = """
{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e},
 spec: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}}
"""
    context = context_of(text)
    service = context.service("api.example.com")
    assert service is not None
    assert service.resolution is Resolution.DNS
    assert [item.address for item in context.endpoints_of("api.example.com", 80)] == ["api.example.com"]


def test_a_pod_that_has_ended_is_no_workload_even_if_another_has_its_address_now() -> None:
    text = """
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, name: http}], selector: {app: a}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: a}}, status: {podIP: 10.0.0.5, phase: Running}}
---
{apiVersion: v1, kind: Pod, metadata: {name: q, labels: {app: a}}, status: {podIP: 10.0.0.5, phase: Succeeded}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: s, labels: {kubernetes.io/service-name: a}}, ports: [{name: http, port: 8080}],
 endpoints: [{addresses: [10.0.0.5]}, {addresses: [10.0.0.6], conditions: {terminating: true}}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: FQDN,
 metadata: {name: t, labels: {kubernetes.io/service-name: a}}, ports: [{name: http, port: 8080}],
 endpoints: [{addresses: [a.example]}]}
"""
    found = context_of(text).endpoints_of("a.default.svc.cluster.local", 80)
    assert [(item.address, item.workload) for item in found] == [("10.0.0.5", "p")]
