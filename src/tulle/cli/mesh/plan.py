"""From `tulle.yaml` to what is started: workloads with addresses, and the resources of the mesh."""

from collections.abc import Iterator
from dataclasses import dataclass

from tulle.agent.addresses import free_port
from tulle.agent.bootstrap import HTTP_PROXY_PORT
from tulle.agent.workload import DOMAIN, Upstream, Workload
from tulle.cli.mesh.mesh_file import Gateway, MeshFile, ServiceEntry, Version

GATEWAY_LABELS = {"istio": "ingressgateway", "app": "istio-ingressgateway"}
GATEWAY_NAMESPACE = "istio-system"
FIRST_UPSTREAM_PORT = 20001
DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True)
class PlannedApplication:
    """A process to start and the workload that it is."""

    workload: Workload
    command: str
    environment: dict[str, str]


def service_port(service: ServiceEntry) -> int:
    """The port that callers use."""
    if service.external:
        return service.port or int(service.external.rpartition(":")[2])
    return service.port or DEFAULT_PORT


def plan_applications(mesh_file: MeshFile, addresses: Iterator[str]) -> list[PlannedApplication]:
    """Every process of every version of every service, each with an address and a port of its own."""
    planned = []
    for name, service in mesh_file.services.items():
        if service.external:
            continue
        for version_name, version in (service.versions or {"v1": Version()}).items():
            for _ in range(version.replicas):
                workload = _workload(mesh_file, name, version_name, next(addresses))
                planned.append(_application(workload, service, version))
    return planned


def _workload(mesh_file: MeshFile, name: str, version: str, address: str) -> Workload:
    service = mesh_file.services[name]
    upstreams = tuple(
        Upstream(
            service=upstream,
            port=service_port(mesh_file.services[upstream]),
            local_port=FIRST_UPSTREAM_PORT + index,
            protocol=mesh_file.services[upstream].protocol.upper(),
        )
        for index, upstream in enumerate(service.upstreams)
    )
    return Workload(
        service=name,
        address=address,
        port=service_port(service),
        app_port=free_port(),
        version=version,
        namespace=mesh_file.mesh.namespace,
        protocol=service.protocol.upper(),
        upstreams=upstreams,
    )


def application_environment(workload: Workload) -> dict[str, str]:
    """What the application needs to know: its port, its upstreams, and the proxy for calls by name."""
    environment = {
        "PORT": str(workload.app_port),
        "HTTP_PROXY": f"http://{workload.address}:{HTTP_PROXY_PORT}",
        "http_proxy": f"http://{workload.address}:{HTTP_PROXY_PORT}",
        "NO_PROXY": f"localhost,127.0.0.1,::1,{workload.address}",
        "no_proxy": f"localhost,127.0.0.1,::1,{workload.address}",
        "TULLE_SERVICE": workload.service,
        "TULLE_VERSION": workload.version,
    }
    for upstream in workload.upstreams:
        key = upstream.service.upper().replace("-", "_").replace(".", "_")
        environment[f"{key}_ADDRESS"] = f"{workload.address}:{upstream.local_port}"
        if upstream.protocol != "TCP":
            environment[f"{key}_URL"] = f"http://{workload.address}:{upstream.local_port}"
    return environment


def _application(workload: Workload, service: ServiceEntry, version: Version) -> PlannedApplication:
    environment = {**application_environment(workload), **service.env, **version.env}
    return PlannedApplication(workload, version.run or service.run, environment)


def external_resources(mesh_file: MeshFile) -> list[dict[str, object]]:
    """A Service and a WorkloadEntry for each service that runs outside of the mesh."""
    found: list[dict[str, object]] = []
    for name, service in mesh_file.services.items():
        if not service.external:
            continue
        host, _, port = service.external.rpartition(":")
        numeric = host.replace(".", "").isdigit()
        spec = {
            "hosts": [f"{name}.{mesh_file.mesh.namespace}.svc.{DOMAIN}"],
            "location": "MESH_EXTERNAL",
            "resolution": "STATIC" if numeric else "DNS",
            "ports": [
                {
                    "number": service_port(service),
                    "name": service.protocol,
                    "protocol": service.protocol.upper(),
                    "targetPort": int(port),
                }
            ],
            "endpoints": [{"address": host}],
        }
        metadata = {"name": name, "namespace": mesh_file.mesh.namespace}
        found.append(
            {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": metadata, "spec": spec}
        )
    return found


def gateway_service(gateway_port: int, listen_port: int) -> dict[str, object]:
    """The Service of the gateway: rules speak of `gateway_port`, the proxy listens at `listen_port`."""
    port = {"name": "http", "port": gateway_port, "targetPort": listen_port, "appProtocol": "http"}
    metadata = {"name": "istio-ingressgateway", "namespace": GATEWAY_NAMESPACE, "labels": GATEWAY_LABELS}
    spec = {"ports": [port], "selector": GATEWAY_LABELS}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def gateway_workload(address: str, listen_port: int) -> dict[str, object]:
    """The WorkloadEntry of the gateway: the control plane finds the gateway's ports by it."""
    metadata = {"name": "istio-ingressgateway", "namespace": GATEWAY_NAMESPACE, "labels": GATEWAY_LABELS}
    spec = {"address": address, "ports": {"http": listen_port}, "labels": GATEWAY_LABELS}
    return {"apiVersion": "networking.istio.io/v1", "kind": "WorkloadEntry", "metadata": metadata, "spec": spec}


def gateway_resources(gateway: Gateway, mesh_file: MeshFile) -> list[dict[str, object]]:
    """The Gateway and one VirtualService for each host of its routes."""
    namespace = mesh_file.mesh.namespace
    server = {
        "port": {"number": gateway.http, "name": "http", "protocol": "HTTP"},
        "hosts": sorted({route.host for route in gateway.routes}) or ["*"],
    }
    metadata = {"name": "gateway", "namespace": namespace}
    found: list[dict[str, object]] = [
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": metadata,
            "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
        }
    ]
    for index, host in enumerate(sorted({route.host for route in gateway.routes})):
        routes = [
            {
                "match": [{"uri": {"prefix": route.prefix}}],
                "route": [
                    {"destination": {"host": route.to, "port": {"number": service_port(mesh_file.services[route.to])}}}
                ],
            }
            for route in gateway.routes
            if route.host == host
        ]
        found.append(
            {
                "apiVersion": "networking.istio.io/v1",
                "kind": "VirtualService",
                "metadata": {"name": f"gateway-{index}", "namespace": namespace},
                "spec": {"hosts": [host], "gateways": ["gateway"], "http": routes},
            }
        )
    return found
