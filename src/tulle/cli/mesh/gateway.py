"""The gateway of a mesh on one machine: its Service, its workload, and its proxy."""

from tulle.agent.bootstrap import ProxySettings

LABELS = {"istio": "ingressgateway", "app": "istio-ingressgateway"}
SELECTOR = {"istio": "ingressgateway"}
NAME = "istio-ingressgateway"
NAMESPACE = "istio-system"
NETWORKING = "networking.istio.io/v1"
ADDRESS = "127.0.0.1"


def gateway_settings(xds_address: tuple[str, int]) -> ProxySettings:
    """The proxy of the gateway."""
    return ProxySettings("router", "gateway", ADDRESS, xds_address, NAMESPACE, LABELS)


def gateway_workload(port: int, listen_port: int) -> list[dict[str, object]]:
    """Rules speak of `port`; the proxy listens at `listen_port`."""
    metadata = {"name": NAME, "namespace": NAMESPACE, "labels": LABELS}
    ports = [{"name": "http", "port": port, "targetPort": listen_port, "appProtocol": "http"}]
    service_spec = {"ports": ports, "selector": SELECTOR}
    entry_spec = {"address": ADDRESS, "ports": {"http": listen_port}, "labels": LABELS}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service_spec},
        {"apiVersion": NETWORKING, "kind": "WorkloadEntry", "metadata": metadata, "spec": entry_spec},
    ]


def gateway_resource(namespace: str, port: int, hosts: list[str]) -> dict[str, object]:
    """The Gateway that takes HTTP for `hosts`; VirtualServices name it `gateway`."""
    server = {"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
    metadata = {"name": "gateway", "namespace": namespace}
    spec = {"selector": SELECTOR, "servers": [server]}
    return {"apiVersion": NETWORKING, "kind": "Gateway", "metadata": metadata, "spec": spec}
