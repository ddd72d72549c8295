"""Services and endpoints from resources: Kubernetes' own kinds, ServiceEntry and WorkloadEntry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tulle.api.core.endpoint_slice import EndpointSlice
from tulle.api.core.pod import Pod
from tulle.api.core.service import Service as KubeService
from tulle.api.networking.service_entry import ServiceEntry
from tulle.api.networking.workload_entry import WorkloadEntry
from tulle.api.resource import Resource
from tulle.controlplane.config.store import ConfigState
from tulle.controlplane.registry.protocols import protocol_of_word, select_protocol
from tulle.model.endpoint import Endpoint, Health, Locality
from tulle.model.labels import Labels, selects
from tulle.model.names import CLUSTER_DOMAIN
from tulle.model.port import Port
from tulle.model.service import Location, Resolution, Service

DOMAIN = CLUSTER_DOMAIN
EXPORT_ANNOTATION = "networking.istio.io/exportTo"
SERVICE_LABEL = "kubernetes.io/service-name"
ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class ServiceState:
    """All services and their endpoints."""

    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class _Workload:
    """A pod or a WorkloadEntry: an address that a selector can choose."""

    name: str
    namespace: str
    address: str
    labels: Labels
    ports: dict[str, int]
    service_account: str
    locality: Locality
    weight: int
    healthy: bool


class _Workloads:
    """All workloads, found by a selector without a look at each."""

    def __init__(self, workloads: Iterable[_Workload]) -> None:
        self.by_address: dict[str, _Workload] = {}
        self._by_label: dict[tuple[str, str, str], list[_Workload]] = {}
        for workload in workloads:
            self.by_address[workload.address] = workload
            for key, value in workload.labels.items():
                self._by_label.setdefault((workload.namespace, key, value), []).append(workload)

    def selected(self, namespace: str, selector: Labels) -> Iterator[_Workload]:
        """The healthy workloads of a namespace that bear all labels of a selector."""
        key, value = next(iter(selector.items()))
        for workload in self._by_label.get((namespace, key, value), ()):
            if workload.healthy and selects(selector, workload.labels):
                yield workload


def build_service_state(config: ConfigState, domain: str = DOMAIN) -> ServiceState:
    """The services that the resources describe; of two with one host name the first by key wins."""
    workloads = _Workloads([*_pods(config), *_workload_entries(config)])
    services: dict[str, Service] = {}
    endpoints: list[Endpoint] = []
    slices: dict[tuple[str, str], list[Resource[EndpointSlice]]] = {}
    for item in config.of_kind("EndpointSlice"):
        slices.setdefault((item.metadata.namespace, item.metadata.labels.get(SERVICE_LABEL, "")), []).append(item)
    for resource in config.of_kind("Service"):
        service = _kube_service(resource, domain)
        if services.setdefault(service.hostname, service) is service:
            own = slices.get((service.namespace, resource.metadata.name))
            by_slices = own is not None
            endpoints += _slice_endpoints(service, own, workloads) if own else ()
            endpoints += _selected_endpoints(service, workloads, by_slices)
    for entry in config.of_kind("ServiceEntry"):
        for service in _entry_services(entry):
            if services.setdefault(service.hostname, service) is service:
                endpoints += _entry_endpoints(service, entry, workloads)
    return ServiceState(tuple(services.values()), tuple(endpoints))


def _pods(config: ConfigState) -> Iterator[_Workload]:
    for resource in config.of_kind("Pod"):
        pod: Pod = resource.spec
        if not pod.status.pod_ip or pod.status.phase in ENDED:
            continue  # its address may be another's by now
        ports = {port.name: port.container_port for item in pod.spec.containers for port in item.ports if port.name}
        yield _Workload(
            resource.metadata.name,
            resource.metadata.namespace,
            pod.status.pod_ip,
            resource.metadata.labels,
            ports,
            pod.spec.service_account_name,
            Locality(),
            1,
            pod.ready,
        )


def _workload_entries(config: ConfigState) -> Iterator[_Workload]:
    for resource in config.of_kind("WorkloadEntry"):
        yield _workload(resource.spec, resource.metadata.name, resource.metadata.namespace, resource.metadata.labels)


def _workload(entry: WorkloadEntry, name: str, namespace: str, labels: Labels) -> _Workload:
    return _Workload(
        name,
        namespace,
        entry.address,
        {**labels, **entry.labels},
        entry.ports,
        entry.service_account,
        Locality.parse(entry.locality),
        entry.weight or 1,
        True,
    )


def _kube_service(resource: Resource[KubeService], domain: str) -> Service:
    spec, metadata = resource.spec, resource.metadata
    ports = tuple(
        Port(
            port.port,
            port.name,
            select_protocol(port.port, port.name, port.protocol, port.app_protocol),
            port.target_port or port.port,
        )
        for port in spec.ports
    )
    external = spec.type == "ExternalName"
    headless = spec.cluster_ip == "None"
    exported = metadata.annotations.get(EXPORT_ANNOTATION, "")
    return Service(
        hostname=f"{metadata.name}.{metadata.namespace}.svc.{domain}",
        namespace=metadata.namespace,
        ports=ports,
        address=spec.cluster_ip if spec.cluster_ip and not headless else "0.0.0.0",
        resolution=Resolution.DNS if external else Resolution.STATIC,
        headless=headless,
        external_name=spec.external_name if external else "",
        labels=metadata.labels,
        selector=spec.selector or {},
        export_to=frozenset(part.strip() for part in exported.split(",") if part.strip()),
        source=resource.key,
    )


def _endpoint(service: Service, port: Port, workload: _Workload, number: int) -> Endpoint:
    return Endpoint(
        hostname=service.hostname,
        namespace=service.namespace,
        service_port=port.number,
        address=workload.address,
        port=number,
        labels=workload.labels,
        weight=workload.weight,
        locality=workload.locality,
        service_account=workload.service_account,
        health=Health.HEALTHY if workload.healthy else Health.UNHEALTHY,
        workload=workload.name,
        workload_namespace=workload.namespace,
    )


def _target(port: Port, workload: _Workload) -> int | None:
    """Where the workload listens: its own map by the port's name, then the service's targetPort."""
    if port.name in workload.ports:
        return workload.ports[port.name]
    if isinstance(port.target_port, str):
        return workload.ports.get(port.target_port)
    return port.target_port or port.number


def _selected_endpoints(service: Service, workloads: _Workloads, by_slices: bool) -> Iterator[Endpoint]:
    """Endpoints by the selector; with EndpointSlices at hand these already name the ones that count."""
    if by_slices or not service.selector:
        return
    for workload in workloads.selected(service.namespace, service.selector):
        for port in service.ports:
            number = _target(port, workload)
            if number is not None:
                yield _endpoint(service, port, workload, number)


def _slice_endpoints(
    service: Service, slices: Iterable[Resource[EndpointSlice]], workloads: _Workloads
) -> Iterator[Endpoint]:
    for resource in slices:
        if resource.spec.address_type == "FQDN":
            continue  # names are no addresses; Istio passes over them too
        numbers = {port.name: port.port for port in resource.spec.ports}
        for item in resource.spec.endpoints:
            if not item.conditions.takes_traffic:
                continue
            for address in item.addresses:
                known = workloads.by_address.get(address)
                workload = known or _Workload("", service.namespace, address, {}, {}, "", Locality(), 1, True)
                for port in service.ports:
                    if port.name in numbers:
                        yield _endpoint(service, port, workload, numbers[port.name])


def _entry_services(resource: Resource[ServiceEntry]) -> Iterator[Service]:
    spec = resource.spec
    resolution = "DNS" if spec.resolution == "DYNAMIC_DNS" else spec.resolution
    ports = tuple(
        Port(port.number, port.name, protocol_of_word(port.protocol), port.target_port or port.number)
        for port in spec.ports
    )
    for host in spec.hosts:
        yield Service(
            hostname=host,
            namespace=resource.metadata.namespace,
            ports=ports,
            address=spec.addresses[0] if spec.addresses else "0.0.0.0",
            resolution=Resolution(resolution),
            location=Location(spec.location),
            labels=resource.metadata.labels,
            selector=spec.workload_selector.labels if spec.workload_selector else {},
            export_to=frozenset(spec.export_to),
            source=resource.key,
        )


def _entry_endpoints(service: Service, resource: Resource[ServiceEntry], workloads: _Workloads) -> Iterator[Endpoint]:
    spec = resource.spec
    if service.selector:
        yield from _selected_endpoints(service, workloads, by_slices=False)
        return
    given = [_workload(item, "", service.namespace, {}) for item in spec.endpoints]
    if not given and service.resolution in (Resolution.DNS, Resolution.DNS_ROUND_ROBIN):
        # Istio: without endpoints the host itself is resolved.
        given = [_workload(WorkloadEntry(address=service.hostname), "", service.namespace, {})]
    for workload in given:
        for port in service.ports:
            number = _target(port, workload)
            if number is not None:
                yield _endpoint(service, port, workload, number)
