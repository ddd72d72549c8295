"""A clock that tests turn by hand, with the timers of an event loop."""

from collections.abc import Callable
from typing import Any


class TurnedTimer:
    def __init__(self, when: float, callback: Callable[[], Any]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class TurnedClock:
    """`time`, `call_at`, `call_later` and `call_soon` of a loop; nothing happens but in `turn`."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[TurnedTimer] = []

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], Any], /) -> TurnedTimer:
        timer = TurnedTimer(when, callback)
        self._timers.append(timer)
        return timer

    def call_later(self, delay_s: float, callback: Callable[[], Any], /) -> TurnedTimer:
        return self.call_at(self._now + delay_s, callback)

    def call_soon(self, callback: Callable[[], Any], /) -> TurnedTimer:
        return self.call_at(self._now, callback)

    @property
    def waiting(self) -> int:
        """How many timers are armed."""
        return sum(not timer.cancelled for timer in self._timers)

    def holds(self, kind: type) -> bool:
        """Whether an armed timer would ring for an object of this kind."""
        armed = [each.callback for each in self._timers if not each.cancelled]
        return any(isinstance(getattr(each, "__self__", None), kind) for each in armed)

    def turn(self, seconds: float = 0.0) -> None:
        """Lets time pass; every timer rings at its own moment."""
        end = self._now + seconds
        while due := [timer for timer in self._timers if not timer.cancelled and timer.when <= end]:
            timer = min(due, key=lambda each: each.when)
            self._timers.remove(timer)
            self._now = max(self._now, timer.when)
            timer.callback()
        self._now = end
