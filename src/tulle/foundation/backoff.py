"""Exponential back-off with full jitter, for whatever may come back."""

import random
from collections.abc import Callable


class Backoff:
    """Waits that grow from `base_s` to `max_s` (seconds); each is drawn evenly below its bound.

    Envoy: JitteredExponentialBackOffStrategy.
    """

    __slots__ = ("_base_s", "_bound_s", "_draw", "_max_s")

    def __init__(self, base_s: float = 0.5, max_s: float = 30.0, draw: Callable[[], float] = random.random) -> None:
        self._base_s = base_s
        self._max_s = max_s
        self._bound_s = base_s
        self._draw = draw

    def next_s(self) -> float:
        """Seconds until the next attempt."""
        bound = self._bound_s
        self._bound_s = min(self._max_s, bound * 2)
        return self._draw() * bound

    def reset(self) -> None:
        """Starts again from the shortest wait, after a success."""
        self._bound_s = self._base_s
