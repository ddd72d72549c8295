"""From `tulle.yaml` to what is started: workloads with addresses, and the resources of the mesh."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from tulle.agent.bootstrap import HTTP_PROXY_PORT
from tulle.agent.capture import application_environment
from tulle.agent.workload import DOMAIN, INBOUND_PORT, Upstream, Workload
from tulle.cli.mesh.gateway import NETWORKING, gateway_resource
from tulle.cli.up.mesh_file import MeshFile, Service, Version

FIRST_UPSTREAM_PORT = 20001


@dataclass(frozen=True, slots=True)
class PlannedApplication:
    """A process to start and the workload that it is."""

    name: str  # unique; what its lines of output are called
    workload: Workload
    command: str
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one instance of an application gets to stand."""

    address: str
    app_port: int


def sidecar_ports(mesh_file: MeshFile) -> list[int]:
    """All ports that a sidecar may listen on at its address."""
    longest = max((len(_upstreams(mesh_file, name)) for name in mesh_file.services), default=0)
    return [INBOUND_PORT, HTTP_PROXY_PORT, *range(FIRST_UPSTREAM_PORT, FIRST_UPSTREAM_PORT + longest)]


def count_processes(mesh_file: MeshFile) -> int:
    """How many places its applications need."""
    return sum(
        sum(version.replicas for version in (service.versions or {"v1": Version()}).values())
        for service in mesh_file.services.values()
        if not service.external
    )


def plan_applications(mesh_file: MeshFile, places: Iterator[Place]) -> list[PlannedApplication]:
    """Every process of every version of every service, each with an address and a port of its own."""
    planned = []
    for name, service in mesh_file.services.items():
        if service.external:
            continue
        for version_name, version in (service.versions or {"v1": Version()}).items():
            for replica in range(version.replicas):
                workload = _workload(mesh_file, name, version_name, next(places))
                label = f"{name}-{version_name}" if service.versions else name
                unique = label if version.replicas == 1 else f"{label}-{replica + 1}"
                environment = {**application_environment(workload), **service.env, **version.env}
                planned.append(PlannedApplication(unique, workload, version.run or service.run, environment))
    return planned


def _upstreams(mesh_file: MeshFile, name: str) -> tuple[str, ...]:
    given = mesh_file.services[name].upstreams
    return tuple(other for other in mesh_file.services if other != name) if given is None else given


def _workload(mesh_file: MeshFile, name: str, version: str, place: Place) -> Workload:
    service = mesh_file.services[name]
    upstreams = tuple(
        Upstream(
            service=upstream,
            port=mesh_file.services[upstream].called_port,
            local_port=FIRST_UPSTREAM_PORT + index,
            protocol=mesh_file.services[upstream].protocol.upper(),
        )
        for index, upstream in enumerate(_upstreams(mesh_file, name))
    )
    return Workload(
        service=name,
        address=place.address,
        port=service.called_port,
        app_port=place.app_port,
        version=version,
        namespace=mesh_file.mesh.namespace,
        protocol=service.protocol.upper(),
        upstreams=upstreams,
    )


def external_resources(mesh_file: MeshFile) -> list[dict[str, object]]:
    """A ServiceEntry for each service that runs outside of the mesh."""
    return [
        _service_entry(mesh_file.mesh.namespace, name, service)
        for name, service in mesh_file.services.items()
        if service.external
    ]


def _service_entry(namespace: str, name: str, service: Service) -> dict[str, object]:
    host, _, port = service.external.rpartition(":")
    host = host.strip("[]")
    protocol = service.protocol
    ports = {
        "number": service.called_port,
        "name": protocol,
        "protocol": protocol.upper(),
        "targetPort": int(port),
    }
    spec = {
        "hosts": [f"{name}.{namespace}.svc.{DOMAIN}"],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC" if _is_address(host) else "DNS",
        "ports": [ports],
        "endpoints": [{"address": host}],
    }
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": NETWORKING, "kind": "ServiceEntry", "metadata": metadata, "spec": spec}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def gateway_rules(mesh_file: MeshFile) -> list[dict[str, object]]:
    """The Gateway and one VirtualService for each host of its routes; nothing without a gateway."""
    gateway = mesh_file.gateway
    if gateway is None:
        return []
    namespace = mesh_file.mesh.namespace
    hosts = sorted({route.host for route in gateway.routes})
    found = [gateway_resource(namespace, gateway.http, hosts or ["*"])]
    for index, host in enumerate(hosts):
        # The longest prefix first: of the routes of a VirtualService the first that matches is taken.
        routes = sorted((route for route in gateway.routes if route.host == host), key=lambda route: -len(route.prefix))
        http = [
            {
                "match": [{"uri": {"prefix": route.prefix}}],
                "route": [{"destination": _destination(route.to, mesh_file.services[route.to])}],
            }
            for route in routes
        ]
        metadata = {"name": f"gateway-{index}", "namespace": namespace}
        spec = {"hosts": [host], "gateways": ["gateway"], "http": http}
        found.append({"apiVersion": NETWORKING, "kind": "VirtualService", "metadata": metadata, "spec": spec})
    return found


def _destination(name: str, service: Service) -> dict[str, object]:
    return {"host": name, "port": {"number": service.called_port}}
