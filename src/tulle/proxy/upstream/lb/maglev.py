"""MAGLEV: a table in which every host has its share of the entries, and most keep theirs when hosts change.

Envoy: maglev_lb.cc; "Maglev: A Fast and Reliable Software Network Load Balancer", section 3.4.
"""

from array import array
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from xxhash import xxh64_intdigest

from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.hashing import HashSettings, Weighted, hash_key, normalized, table_picker
from tulle.proxy.upstream.lb.picking import NO_HOSTS, Choice, Picker

DEFAULT_SIZE = 65537


class Maglev(NamedTuple):
    """The policy."""

    size: int = DEFAULT_SIZE
    settings: HashSettings = HashSettings()

    @property
    def hashes(self) -> bool:
        """Yes."""
        return True

    def build(self, choice: Choice, random: Random, before: Picker | None) -> Picker:
        """A picker over a table of the hosts."""
        hosts = normalized(choice, self.settings.by_locality)
        if not hosts:
            return NO_HOSTS
        table = MaglevTable(hosts, self.size, self.settings.use_hostname)
        store, prefix = choice.stats.store, choice.stats.prefix + "maglev_lb."
        store.gauge(prefix + "min_entries_per_host").value = min(table.counts)
        store.gauge(prefix + "max_entries_per_host").value = max(table.counts)
        return table_picker(table, hosts, choice, self.settings.balance_factor, random)


class MaglevTable:
    """Which host has which entry."""

    __slots__ = ("_entries", "_hosts", "_size", "counts")

    def __init__(self, hosts: Sequence[Weighted], size: int, use_hostname: bool = False) -> None:
        keyed = sorted(
            ((hash_key(host, use_hostname).encode(), weight, host) for host, weight in hosts),
            key=lambda entry: entry[0],
        )
        self._hosts = [host for _, _, host in keyed]
        self._size = size
        self.counts = [1] if len(keyed) == 1 else [0] * len(keyed)
        self._entries: Sequence[int] = ()
        if len(keyed) > 1:
            self._entries = self._fill([(key, weight) for key, weight, _ in keyed])

    def _fill(self, keyed: Sequence[tuple[bytes, float]]) -> Sequence[int]:
        """Each host in turn, as often as its weight says, takes the next free entry of its own permutation."""
        size = self._size
        places = [xxh64_intdigest(key) % size for key, _ in keyed]
        skips = [xxh64_intdigest(key, 1) % (size - 1) + 1 for key, _ in keyed]
        weights = [weight for _, weight in keyed]
        heaviest = max(weights)
        targets = [0.0] * len(keyed)
        nobody = len(keyed)
        entries = array("H" if nobody < 65536 else "I", [nobody]) * size
        counts = self.counts
        left, turn = size, 0
        while left:
            turn += 1
            for at, weight in enumerate(weights):
                if turn * weight < targets[at]:
                    continue
                targets[at] += heaviest
                place, skip = places[at], skips[at]
                while entries[place] != nobody:
                    place += skip
                    if place >= size:
                        place -= size
                entries[place] = at
                counts[at] += 1
                place += skip
                places[at] = place - size if place >= size else place
                left -= 1
                if not left:
                    break
        return entries

    def lookup(self, hash_value: int, attempt: int) -> Host:
        """The host of the hash; a further attempt changes the hash in its high bits."""
        if not self._entries:
            return self._hosts[0]
        if attempt:
            hash_value ^= 2**64 - attempt
        return self._hosts[self._entries[hash_value % self._size]]
