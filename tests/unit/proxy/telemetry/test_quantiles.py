"""Quantiles, as Envoy 1.40 printed them for the same samples."""

import pytest

from tulle.proxy.telemetry.quantiles import bin_width, counts_up_to, quantiles_of, sum_of


@pytest.mark.parametrize(
    ("edge", "width"), [(0, 0.0), (1, 0.1), (9, 0.1), (10, 1.0), (99, 1.0), (100, 10.0), (1200, 100.0)]
)
def test_a_bin_is_as_wide_as_its_second_digit(edge: int, width: float) -> None:
    assert bin_width(edge) == width


def test_one_sample_lies_in_the_middle_of_its_bin() -> None:
    assert quantiles_of({21: 1}) == [21.5] * 10


def test_samples_spread_evenly_over_their_bin() -> None:
    # http.ingress.downstream_rq_time of ten requests: eight of 1 ms, one of 2, one of 7.
    expected = [1 + 0.1 / 9, 1 + 0.3 / 9, 1 + 0.5 / 9, 1 + 0.8 / 9, 2.05, 7.05, 7.05, 7.05, 7.05, 7.05]
    assert quantiles_of({1: 8, 2: 1, 7: 1}) == pytest.approx(expected)


def test_no_samples_have_no_quantiles() -> None:
    assert quantiles_of({}) == []


def test_the_sum_takes_samples_a_little_below_the_middle_of_their_bin() -> None:
    assert sum_of({0: 3, 1: 2}) == pytest.approx(2.0952380952380953)


def test_a_sample_on_a_bound_counts_below_it() -> None:
    assert counts_up_to({0: 2, 1: 2, 6: 1}, (0.5, 1.0, 5.0, 10.0)) == [2, 4, 4, 5]
