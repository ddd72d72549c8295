"""Durations."""

import pytest

from tulle.api.durations import parse_duration


@pytest.mark.parametrize(("text", "seconds"), [("1.5s", 1.5), ("100ms", 0.1), ("1h30m", 5400), ("0", 0), ("0s", 0)])
def test_durations_are_sums_of_numbers_with_units(text: str, seconds: float) -> None:
    found = parse_duration(text)
    assert found is not None
    assert found.total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "1 s", "1d"])
def test_other_texts_are_none(text: str) -> None:
    assert parse_duration(text) is None
