"""What the command line tells the proxy."""

from dataclasses import dataclass

DRAIN_TIME_S = 600  # Envoy: --drain-time-s
SHUTDOWN_DRAIN_S = 10.0  # how long a SIGTERM waits for requests when --drain-time-s says nothing


@dataclass(frozen=True, slots=True)
class ProxyOptions:
    """The options of `tulle proxy`; `drain_time_s` is None when it was not given."""

    config_path: str
    concurrency: int = 1
    drain_time_s: int | None = None
    base_id: int = 0
    log_level: str = "info"
    admin_address_path: str | None = None
    service_node: str = ""
    service_cluster: str = ""

    @property
    def shutdown_drain_s(self) -> float:
        """The bound of the drain at the end of the process."""
        return SHUTDOWN_DRAIN_S if self.drain_time_s is None else float(self.drain_time_s)
