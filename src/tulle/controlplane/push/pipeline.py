"""Debounce: many changes become one push (Istio: PILOT_DEBOUNCE_AFTER 100 ms, PILOT_DEBOUNCE_MAX 10 s)."""

from collections.abc import Callable


class Debounce:
    """Says when to push: after some quiet, or when the first change has waited long enough. Times are seconds."""

    def __init__(self, quiet_s: float, longest_s: float, clock: Callable[[], float]) -> None:
        self._quiet_s = quiet_s
        self._longest_s = longest_s
        self._clock = clock
        self._first: float | None = None
        self._last = 0.0

    def note(self) -> None:
        """Notes a change."""
        self._last = self._clock()
        if self._first is None:
            self._first = self._last

    def wait_s(self) -> float | None:
        """Seconds until the push; 0 when it is due, None when nothing has changed."""
        if self._first is None:
            return None
        due = min(self._last + self._quiet_s, self._first + self._longest_s)
        return max(0.0, due - self._clock())

    def done(self) -> float:
        """Forgets the changes after their push; gives the seconds that the first of them has waited."""
        waited = self._clock() - self._first if self._first is not None else 0.0
        self._first = None
        return waited
