"""Earliest deadline first."""

from collections import Counter
from random import Random

import pytest

from tulle.proxy.upstream.lb.edf import EdfSchedule


def test_things_come_as_often_as_they_weigh_and_equal_deadlines_in_the_order_they_were_set() -> None:
    weights = {"a": 2.0, "b": 1.0, "c": 1.0}
    schedule = EdfSchedule(list(weights), weights.__getitem__)
    assert "".join(schedule.pick() for _ in range(8)) == "abcaabca"


@pytest.mark.parametrize("seed", range(5))
def test_in_each_window_of_a_round_a_thing_comes_its_weight_give_or_take_one(seed: int) -> None:
    random = Random(seed)
    weights = {at: float(random.randint(1, 9)) for at in range(random.randint(2, 8))}
    total = int(sum(weights.values()))
    schedule = EdfSchedule(list(weights), weights.__getitem__, random.random())
    picks = [schedule.pick() for _ in range(total * 12)]
    for start in range(len(picks) - total):
        counts = Counter(picks[start : start + total])
        assert all(abs(counts[at] - weight) <= 1 for at, weight in weights.items())


def test_a_weight_that_changes_counts_from_the_next_turn_on() -> None:
    weights = {"a": 1.0, "b": 1.0}
    schedule = EdfSchedule(list(weights), weights.__getitem__)
    schedule.pick()
    weights["a"] = 3.0
    counts = Counter(schedule.pick() for _ in range(400))
    assert 298 <= counts["a"] <= 302


def test_the_phase_moves_the_start() -> None:
    weights = {"a": 3.0, "b": 1.0}
    sequences = set()
    for phase in (0.0, 0.4, 0.8):
        schedule = EdfSchedule(list(weights), weights.__getitem__, phase)
        sequences.add("".join(schedule.pick() for _ in range(4)))
    assert len(sequences) > 1
