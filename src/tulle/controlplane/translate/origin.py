"""Where a resource comes from, as Istio writes it into the metadata of clusters and routes."""

import re
from typing import Any

from tulle.api.resource import Resource
from tulle.model.service import Service
from tulle.protos.messages import Metadata

ISTIO_METADATA = "istio"
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def origin_of(resource: Resource[Any]) -> str:
    """`/apis/networking.istio.io/v1/namespaces/default/virtual-service/reviews` (Istio: BuildConfigInfoMetadata)."""
    kind = _WORD.sub("-", resource.kind).lower()
    where = resource.metadata
    return f"/apis/{resource.api_version}/namespaces/{where.namespace}/{kind}/{where.name}"


def set_origin(metadata: Metadata, resource: Resource[Any]) -> None:
    """Notes the resource that a cluster or a route was made from; tools show it, no proxy reads it."""
    metadata.filter_metadata[ISTIO_METADATA].update({"config": origin_of(resource)})


def set_service(metadata: Metadata, service: Service, port: int, subset: str) -> None:
    """Notes the service behind a cluster (Istio: addTelemetryMetadata)."""
    name = service.hostname.partition(".")[0] if service.source.startswith("Service/") else service.hostname
    entry = {"host": service.hostname, "name": name, "namespace": service.namespace}
    found: dict[str, Any] = {"services": [entry], "default_original_port": port}
    if subset:
        found["subset"] = subset
    metadata.filter_metadata[ISTIO_METADATA].update(found)
