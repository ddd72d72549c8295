"""Enum values of Envoy's API that belong to no message, as the numbers that stand on the wire."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import TrafficDirection
    from tulle.protos.stubs.envoy.config.core.v3.config_source_pb2 import ApiVersion
    from tulle.protos.stubs.envoy.config.core.v3.health_check_pb2 import HealthStatus
else:
    from types import SimpleNamespace

    from tulle.protos.pool import pool

    def _enum(full_name: str) -> SimpleNamespace:
        values = pool().FindEnumTypeByName(full_name).values
        return SimpleNamespace(**{value.name: value.number for value in values})

    ApiVersion = _enum("envoy.config.core.v3.ApiVersion")
    HealthStatus = _enum("envoy.config.core.v3.HealthStatus")
    TrafficDirection = _enum("envoy.config.core.v3.TrafficDirection")

__all__ = ["ApiVersion", "HealthStatus", "TrafficDirection"]
