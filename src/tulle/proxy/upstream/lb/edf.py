"""Earliest deadline first: things in turn, each as often as its weight says (Envoy: edf_scheduler.h)."""

from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace
from typing import Generic, TypeVar

T = TypeVar("T")


class EdfSchedule(Generic[T]):
    """Who is next. A thing of weight w is due at 1/w, 2/w …; equal deadlines go in the order in which they were set."""

    __slots__ = ("_heap", "_order", "_weight")

    def __init__(self, things: Sequence[T], weight: Callable[[T], float], phase: float = 0.0) -> None:
        """`phase` in [0, 1): how far into a round the schedule starts, so that workers do not go in step."""
        self._weight = weight
        weights = [weight(thing) for thing in things]
        now = phase / min(weights)
        self._heap = [((int(now * weights[at]) + 1) / weights[at], at, thing) for at, thing in enumerate(things)]
        heapify(self._heap)
        self._order = len(things)

    def pick(self) -> T:
        """The next one; its weight is asked for anew."""
        heap = self._heap
        deadline, _, thing = heap[0]
        order = self._order
        self._order = order + 1
        heapreplace(heap, (deadline + 1.0 / self._weight(thing), order, thing))
        return thing
