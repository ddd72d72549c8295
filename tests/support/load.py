"""Requests that go on while something happens, and what came of them."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.mesh_processes import Caller


class Load:
    """Some callers at a steady pace; every answer counts."""

    def __init__(self, host: str, port: int, authority: str, pace_s: float) -> None:
        self._where = (host, port)
        self._authority = authority
        self._pace_s = pace_s
        self._over = threading.Event()
        self.answers: list[tuple[float, str]] = []  # (wall clock, application or what went wrong)

    def call(self) -> None:
        """One caller, until the end."""
        caller = Caller(*self._where)
        while not self._over.wait(self._pace_s):
            try:
                status, seen = caller.ask(self._authority)
                found = str(seen.get("app", f"status {status}"))
            except OSError as error:
                found = f"no answer: {error!r}"
                caller.close()
            self.answers.append((time.time(), found))
        caller.close()

    def stop(self) -> None:
        """Ends the callers."""
        self._over.set()

    def failures(self) -> list[str]:
        """The answers that no application gave."""
        return [found for _, found in list(self.answers) if found.startswith(("status", "no answer"))]

    def since(self, moment: float) -> Counter[str]:
        """Who answered from a moment on."""
        return Counter(found for when, found in list(self.answers) if when >= moment)

    def first(self, name: str, since: float) -> float | None:
        """When an application answered first after a moment."""
        return next((when for when, found in list(self.answers) if when >= since and found == name), None)


@contextmanager
def load(host: str, port: int, authority: str, callers: int = 2, pace_s: float = 0.005) -> Iterator[Load]:
    """Requests to an authority through a proxy, until the end."""
    found = Load(host, port, authority, pace_s)
    threads = [threading.Thread(target=found.call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        found.stop()
        for thread in threads:
            thread.join()
