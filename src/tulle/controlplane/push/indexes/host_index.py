"""Rules by the hosts that they are for."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from tulle.model.hosts import matches

T = TypeVar("T")


class HostIndex(Generic[T]):
    """Finds the entries whose host covers a host, without a look at all others."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._exact: dict[str, list[tuple[str, T]]] = {}
        self._wildcards: list[tuple[str, T]] = []
        for host, item in entries:
            if host.startswith("*"):
                self._wildcards.append((host, item))
            else:
                self._exact.setdefault(host, []).append((host, item))

    def covering(self, hostname: str) -> list[tuple[str, T]]:
        """(host, item) of each entry that covers `hostname`: exact ones first, each kind in its given order."""
        exact = self._exact.get(hostname, [])
        return exact + [entry for entry in self._wildcards if matches(entry[0], hostname)]
