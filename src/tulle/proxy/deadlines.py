"""Deadlines for many things with few timers: what waits equally long expires in the order in which it came."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Timer(Protocol):
    """What `call_at` returns."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """The part of an event loop that deadlines need."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], None], /) -> Timer: ...


class Deadlines(Generic[T]):
    """Holds things until `delay_s` after each was added, and hands those that were not discarded to `expire`.

    Adding and discarding are a dict operation each; one timer runs for the oldest only. A thing is held once.
    """

    __slots__ = ("_armed", "_clock", "_expire", "_waiting", "delay_s")

    def __init__(self, clock: Clock, delay_s: float, expire: Callable[[T], None]) -> None:
        self._clock = clock
        self._expire = expire
        self._waiting: dict[T, float] = {}
        self._armed = False
        self.delay_s = delay_s

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, thing: T) -> None:
        """From now on `thing` has `delay_s` seconds; it must not be held already."""
        when = self._clock.time() + self.delay_s
        self._waiting[thing] = when
        if not self._armed:
            self._armed = True
            self._clock.call_at(when, self._ring)

    def discard(self, thing: T) -> None:
        """`thing` came to its end in time."""
        self._waiting.pop(thing, None)

    def restart(self, thing: T) -> None:
        """`thing` has the whole delay again."""
        self._waiting.pop(thing, None)
        self.add(thing)

    def _ring(self) -> None:
        now = self._clock.time()
        waiting = self._waiting
        due: list[T] = []
        for thing, when in waiting.items():
            if when > now:
                break
            due.append(thing)
        for thing in due:
            if waiting.pop(thing, None) is not None:
                self._expire(thing)
        oldest = next(iter(waiting.values()), None)
        if oldest is None:
            self._armed = False
        else:
            self._clock.call_at(oldest, self._ring)


class DeadlineSet(Generic[T]):
    """`Deadlines` by delay: for things whose delays are configured, so that few different ones exist."""

    __slots__ = ("_by_delay", "_clock", "_expire")

    def __init__(self, clock: Clock, expire: Callable[[T], None]) -> None:
        self._clock = clock
        self._expire = expire
        self._by_delay: dict[float, Deadlines[T]] = {}

    def of(self, delay_s: float) -> Deadlines[T]:
        """The deadlines of this delay."""
        found = self._by_delay.get(delay_s)
        if found is None:
            found = self._by_delay[delay_s] = Deadlines(self._clock, delay_s, self._expire)
        return found
