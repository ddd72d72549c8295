"""What structs share."""

import msgspec
import pytest

from tulle.api.struct import Fields, ReadFields


class Known(Fields, frozen=True, kw_only=True):
    some_name: int = 0


class Read(ReadFields, frozen=True, kw_only=True):
    some_name: int = 0


def test_names_are_in_camel_case_outside() -> None:
    assert msgspec.convert({"someName": 3}, Known).some_name == 3


def test_unknown_fields_are_refused_where_all_are_known_and_left_alone_where_some_are_read() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"other": 3}, Known)
    assert msgspec.convert({"other": 3}, Read).some_name == 0
