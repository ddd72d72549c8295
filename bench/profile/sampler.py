"""Samples the Python stack of this process, by CPU time or by the clock on the wall."""

import json
import signal
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

# A kernel looks at CPU time at its ticks only, of 1 to 10 ms; the wall's clock is finer, but counts waiting too.
_CLOCKS = {
    "cpu": (signal.ITIMER_PROF, signal.SIGPROF, 0.001),
    "wall": (signal.ITIMER_REAL, signal.SIGALRM, 0.001),
}
_DEEPEST = 100

Key = tuple[tuple[CodeType, int], ...]


class Sampler:
    """SIGUSR2 starts it, SIGUSR2 again stops it and writes the stacks to `path`.

    Python runs a signal's handler between two bytecodes, so time spent in C is charged to the line that called it; time
    in the loop before a callback goes to the callback's first line, which the report tells apart.
    """

    def __init__(self, path: Path, clock: str) -> None:
        self._path = path
        self._timer, self._signal, self._step_s = _CLOCKS[clock]
        self._counts: Counter[Key] = Counter()
        self._running = False

    def install(self) -> None:
        """Waits for the signal from now on."""
        signal.signal(self._signal, self._sample)
        signal.signal(signal.SIGUSR2, self._toggle)

    def _sample(self, number: int, frame: FrameType | None) -> None:
        stack: list[tuple[CodeType, int]] = []
        while frame is not None and len(stack) < _DEEPEST:
            stack.append((frame.f_code, frame.f_lasti))
            frame = frame.f_back
        self._counts[tuple(stack)] += 1

    def _toggle(self, number: int, frame: FrameType | None) -> None:
        self._running = not self._running
        step_s = self._step_s if self._running else 0.0
        signal.setitimer(self._timer, step_s, step_s)
        if not self._running:
            self._write()

    def _write(self) -> None:
        stacks = [[[_place(code, at) for code, at in key], count] for key, count in self._counts.items()]
        self._counts.clear()
        # The reader waits for the name, so the text must be complete when it appears.
        unfinished = self._path.with_suffix(".part")
        unfinished.write_text(json.dumps(stacks))
        unfinished.rename(self._path)


def _place(code: CodeType, at: int) -> tuple[str, str, int, int]:
    """(function, file, line, first line) of an instruction."""
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= at < end and number is not None:
            line = number
            break
    return code.co_qualname, code.co_filename, line, code.co_firstlineno
