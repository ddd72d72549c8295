"""Files of access logs."""

from collections.abc import Callable
from pathlib import Path

from tulle.proxy.telemetry.log_files import LogFiles


class _Timer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class _Clock:
    """Timers that a test fires by hand."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Callable[[], None], _Timer]] = []

    def call_later(self, delay: float, callback: Callable[[], None]) -> _Timer:
        timer = _Timer()
        self.timers.append((delay, callback, timer))
        return timer

    def fire(self) -> None:
        for _, callback, timer in self.timers:
            if not timer.cancelled:
                callback()


def test_lines_wait_for_the_timer_and_one_timer_is_enough(tmp_path: Path) -> None:
    clock = _Clock()
    path = tmp_path / "log"
    file = LogFiles(clock.call_later).open(str(path))
    file.write("one\n")
    file.write("caf\udce9\n")
    assert path.read_bytes() == b""
    assert [delay for delay, _, _ in clock.timers] == [1.0]
    clock.fire()
    assert path.read_bytes() == b"one\ncaf\xe9\n"


def test_much_text_is_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    LogFiles(_Clock().call_later).open(str(path)).write("x" * 70_000)
    assert path.stat().st_size == 70_000


def test_two_logs_with_one_path_share_a_file(tmp_path: Path) -> None:
    files = LogFiles(_Clock().call_later)
    assert files.open(str(tmp_path / "log")) is files.open(str(tmp_path / "log"))


def test_a_rotated_file_is_reopened_and_nothing_is_lost(tmp_path: Path) -> None:
    path, moved = tmp_path / "log", tmp_path / "log.1"
    files = LogFiles(_Clock().call_later)
    file = files.open(str(path))
    file.write("before\n")
    path.rename(moved)
    files.reopen()
    file.write("after\n")
    files.close()
    assert (moved.read_text(), path.read_text()) == ("before\n", "after\n")
