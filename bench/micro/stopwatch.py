"""Times one step, by the best of several rounds."""

import timeit
from collections.abc import Callable
from typing import NamedTuple

_ROUND_S = 0.05
_ROUNDS = 7

Call = Callable[[], object]


class Step(NamedTuple):
    """One thing to time; `call` does it once."""

    label: str
    call: Call


def nanoseconds(call: Call) -> float:
    """Time of one call; the best round, as everything that disturbs makes it longer. The empty call is taken off."""
    return max(_best(call) - _best(_nothing), 0.0) * 1e9


def _best(call: Call) -> float:
    timer = timeit.Timer(call)
    number = 1
    while (took := timer.timeit(number)) < _ROUND_S / 4:
        number *= 4
    number = max(1, int(number * _ROUND_S / took))
    return min(timer.repeat(_ROUNDS, number)) / number


def _nothing() -> None:
    """The cost of calling."""
