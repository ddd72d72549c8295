"""Fields that access logs honour."""

from tulle.protos.pool import pool
from tulle.proxy.telemetry.fields import SUPPORTED


def test_every_field_that_is_honoured_exists() -> None:
    for name, fields in SUPPORTED.items():
        assert fields <= set(pool().FindMessageTypeByName(name).fields_by_name), name
