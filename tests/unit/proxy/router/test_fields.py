"""The list of supported fields."""

from tulle.protos.pool import pool
from tulle.proxy.router.fields import SUPPORTED


def test_every_listed_field_exists() -> None:
    for full_name, fields in SUPPORTED.items():
        known = set(pool().FindMessageTypeByName(full_name).fields_by_name)
        assert fields <= known, full_name
