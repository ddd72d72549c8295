"""A workload on this machine, and the resources that tell the mesh of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

WORKLOAD_LABEL = "tulle.dev/workload"
DOMAIN = "cluster.local"
# Not the service's port: an application that takes that on every address would find it taken by its own sidecar.
INBOUND_PORT = 15006


@dataclass(frozen=True, slots=True)
class Upstream:
    """A service that a workload calls at a port of its own sidecar: `http://ADDRESS:local_port`."""

    service: str
    port: int
    local_port: int
    protocol: str = "HTTP"
    namespace: str = ""  # empty: the workload's own


@dataclass(frozen=True, slots=True)
class Workload:
    """One process of one version of a service, and the addresses of its sidecar and of itself.

    Others call the service's `port`; the sidecar listens at `address:INBOUND_PORT` and reaches the application at
    `127.0.0.1:app_port`.
    """

    service: str
    address: str
    port: int
    app_port: int
    version: str = "v1"
    namespace: str = "default"
    protocol: str = "HTTP"
    upstreams: tuple[Upstream, ...] = ()
    extra_labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The workload's own name, as a Deployment would be called."""
        return f"{self.service}-{self.version}"

    @property
    def unique_name(self) -> str:
        """The name of this process: its address makes it so."""
        return f"{self.name}-{self.address.replace('.', '-')}"

    @property
    def labels(self) -> dict[str, str]:
        """What selectors see."""
        own = {"app": self.service, "version": self.version, WORKLOAD_LABEL: self.unique_name}
        return {**self.extra_labels, **own}


def service_resource(workload: Workload) -> dict[str, object]:
    """The Kubernetes Service that selects all workloads of this service."""
    port = {
        "name": workload.protocol.lower(),
        "port": workload.port,
        "appProtocol": workload.protocol.lower(),
        "protocol": "TCP",
    }
    metadata = {"name": workload.service, "namespace": workload.namespace, "labels": {"app": workload.service}}
    spec = {"ports": [port], "selector": {"app": workload.service}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def workload_entry_resource(workload: Workload) -> dict[str, object]:
    """The WorkloadEntry: where the sidecar listens, and the labels that subsets choose by."""
    spec = {
        "address": workload.address,
        "ports": {workload.protocol.lower(): INBOUND_PORT},
        "labels": workload.labels,
        "serviceAccount": workload.service,
    }
    metadata = {"name": workload.unique_name, "namespace": workload.namespace, "labels": workload.labels}
    return {"apiVersion": "networking.istio.io/v1", "kind": "WorkloadEntry", "metadata": metadata, "spec": spec}


def sidecar_resource(workload: Workload) -> dict[str, object]:
    """The Sidecar: one listener for what comes in, one for each upstream with a port of its own."""
    ingress = {
        "port": {"number": INBOUND_PORT, "protocol": workload.protocol, "name": workload.protocol.lower()},
        "bind": workload.address,
        "defaultEndpoint": f"127.0.0.1:{workload.app_port}",
    }
    egress: list[dict[str, object]] = [
        {
            "port": {
                "number": upstream.local_port,
                "protocol": upstream.protocol,
                "name": f"{upstream.protocol.lower()}-{upstream.service}",
            },
            "bind": workload.address,
            "hosts": [_egress_host(workload, upstream)],
        }
        for upstream in workload.upstreams
    ]
    spec: dict[str, object] = {
        "workloadSelector": {"labels": {WORKLOAD_LABEL: workload.unique_name}},
        "ingress": [ingress],
        "egress": [*egress, {"hosts": ["*/*"]}],
    }
    metadata = {"name": workload.unique_name, "namespace": workload.namespace}
    return {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": metadata, "spec": spec}


def _egress_host(workload: Workload, upstream: Upstream) -> str:
    namespace = upstream.namespace or workload.namespace
    host = upstream.service if "." in upstream.service else f"{upstream.service}.{namespace}.svc.{DOMAIN}"
    return f"*/{host}"


def registration(workload: Workload, serving: bool = True) -> list[dict[str, object]]:
    """All resources that make the workload part of the mesh; nobody is sent to it before it is serving."""
    entry = [workload_entry_resource(workload)] if serving else []
    return [service_resource(workload), *entry, sidecar_resource(workload)]
