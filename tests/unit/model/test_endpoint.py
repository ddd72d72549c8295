"""Endpoints."""

import pytest

from tulle.model.endpoint import Locality


@pytest.mark.parametrize("text", ["", "region", "region/zone", "region/zone/sub"])
def test_a_locality_is_read_and_written_in_istios_notation(text: str) -> None:
    assert str(Locality.parse(text)) == text
