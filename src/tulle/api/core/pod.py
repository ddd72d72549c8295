"""Pod (Kubernetes core/v1), as far as a registry reads it."""

import msgspec

from tulle.api.struct import ReadFields


class ContainerPort(ReadFields, frozen=True, kw_only=True):
    """A named port of a container."""

    container_port: int
    name: str = ""


class Container(ReadFields, frozen=True, kw_only=True):
    """A container and its ports."""

    ports: tuple[ContainerPort, ...] = ()


class PodSpec(ReadFields, frozen=True, kw_only=True):
    """What the pod runs as."""

    containers: tuple[Container, ...] = ()
    service_account_name: str = "default"


class PodCondition(ReadFields, frozen=True, kw_only=True):
    """One condition of the pod."""

    type: str = ""
    status: str = ""


class PodStatus(ReadFields, frozen=True, kw_only=True):
    """Where the pod runs and how it is."""

    pod_ip: str = msgspec.field(name="podIP", default="")
    phase: str = ""
    conditions: tuple[PodCondition, ...] = ()


class Pod(ReadFields, frozen=True, kw_only=True):
    """The parts of a pod below its metadata."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """Whether it may get traffic."""
        ready = [condition.status for condition in self.status.conditions if condition.type == "Ready"]
        return self.status.phase == "Running" and ready != ["False"]
