"""Enum values."""

from tulle.protos import enums


def test_the_numbers_are_those_of_the_wire() -> None:
    assert (enums.ApiVersion.V3, enums.HealthStatus.DRAINING, enums.TrafficDirection.OUTBOUND) == (2, 3, 2)
