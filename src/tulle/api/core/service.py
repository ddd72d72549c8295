"""Service and Namespace (Kubernetes core/v1), as far as a registry reads them."""

import msgspec

from tulle.api.struct import ReadFields


class ServicePort(ReadFields, frozen=True, kw_only=True):
    """A port of a service."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    app_protocol: str | None = None
    target_port: int | str | None = None


class Service(ReadFields, frozen=True, kw_only=True):
    """A name, its ports and the pods behind it."""

    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] | None = None
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    type: str = "ClusterIP"
    external_name: str = ""


class Namespace(ReadFields, frozen=True, kw_only=True):
    """A namespace; its labels stand in its metadata."""
