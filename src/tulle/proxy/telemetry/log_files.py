"""Files that many access logs append to, buffered and written by a timer."""

import logging
import os
from collections.abc import Callable
from typing import Protocol

_FLUSH_BYTES = 64 * 1024  # Envoy: --file-flush-min-size-kb
_FLUSH_S = 1.0

_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}

_log = logging.getLogger("tulle.proxy.access_log")


class Timer(Protocol):
    """What `loop.call_later` returns."""

    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]


class LogFile:
    """Appends text to one path; writers never wait for the disk more than once a second or 64 KiB."""

    def __init__(self, path: str, call_later: CallLater) -> None:
        self.path = path
        self._call_later = call_later
        self._lines: list[str] = []
        self._size = 0
        self._timer: Timer | None = None
        self._descriptor = self._open()

    def _open(self) -> int:
        stream = _STREAMS.get(self.path)
        if stream is not None:
            return stream
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, line: str) -> None:
        """Takes a line, with its line feed."""
        self._lines.append(line)
        self._size += len(line)
        if self._size >= _FLUSH_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = self._call_later(_FLUSH_S, self.flush)

    def flush(self) -> None:
        """Writes what has gathered; a disk that cannot take it loses it, with one line in the log."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._lines:
            return
        data = "".join(self._lines).encode("utf-8", "surrogateescape")
        self._lines.clear()
        self._size = 0
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            _log.warning("cannot write %d bytes to %s: %s", len(data), self.path, error.strerror)

    def reopen(self) -> None:
        """Opens the path anew, after a rotation moved the file away."""
        self.flush()
        if self.path in _STREAMS:
            return
        try:
            fresh = self._open()
        except OSError as error:
            _log.warning("cannot reopen %s: %s", self.path, error.strerror)
            return
        os.close(self._descriptor)
        self._descriptor = fresh

    def close(self) -> None:
        """Writes what is left and lets go of the file."""
        self.flush()
        if self.path not in _STREAMS:
            os.close(self._descriptor)


class LogFiles:
    """The open files of a process; two logs with one path share one file."""

    def __init__(self, call_later: CallLater) -> None:
        self._call_later = call_later
        self._open: dict[str, LogFile] = {}

    def open(self, path: str) -> LogFile:
        """The file at this path; OSError when it cannot be opened."""
        known = self._open.get(path)
        if known is None:
            known = self._open[path] = LogFile(path, self._call_later)
        return known

    def flush(self) -> None:
        """Writes what has gathered, for all files."""
        for file in self._open.values():
            file.flush()

    def reopen(self) -> None:
        """Reopens all files."""
        for file in self._open.values():
            file.reopen()

    def close(self) -> None:
        """Closes all files."""
        for file in self._open.values():
            file.close()
        self._open.clear()
