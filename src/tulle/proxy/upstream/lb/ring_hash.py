"""RING_HASH: each host is on a ring many times; a request goes to the next one after its hash.

Envoy: ring_hash_lb.cc.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import itemgetter
from random import Random
from typing import NamedTuple

from xxhash import xxh64_intdigest

from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.hashing import HashSettings, Weighted, hash_key, normalized, table_picker
from tulle.proxy.upstream.lb.murmur import murmur_hash2
from tulle.proxy.upstream.lb.picking import NO_HOSTS, Choice, Picker

DEFAULT_MIN_SIZE = 1024
DEFAULT_MAX_SIZE = 8 * 1024 * 1024


class RingHash(NamedTuple):
    """The policy."""

    min_size: int = DEFAULT_MIN_SIZE
    max_size: int = DEFAULT_MAX_SIZE
    murmur: bool = False
    settings: HashSettings = HashSettings()

    @property
    def hashes(self) -> bool:
        """Yes."""
        return True

    def build(self, choice: Choice, random: Random, before: Picker | None) -> Picker:
        """A picker over a ring of the hosts."""
        hosts = normalized(choice, self.settings.by_locality)
        if not hosts:
            return NO_HOSTS
        ring = Ring(hosts, self)
        store, prefix = choice.stats.store, choice.stats.prefix + "ring_hash_lb."
        store.gauge(prefix + "size").value = ring.size
        store.gauge(prefix + "min_hashes_per_host").value = min(ring.counts)
        store.gauge(prefix + "max_hashes_per_host").value = max(ring.counts)
        return table_picker(ring, hosts, choice, self.settings.balance_factor, random)


class Ring:
    """Hosts in the order of their hashes."""

    __slots__ = ("_hashes", "_hosts", "counts", "size")

    def __init__(self, hosts: Sequence[Weighted], policy: RingHash) -> None:
        least = min(weighted.weight for weighted in hosts)
        # The lightest host comes a whole number of times, as long as the ring does not get too large.
        scale = min(math.ceil(least * policy.min_size) / least, float(policy.max_size))
        digest: Callable[[bytes], int] = murmur_hash2 if policy.murmur else xxh64_intdigest
        entries: list[tuple[int, Host]] = []
        self.counts: list[int] = []
        target = 0.0
        for host, weight in hosts:
            target += scale * weight
            key = hash_key(host, policy.settings.use_hostname).encode() + b"_"
            start = len(entries)
            while len(entries) < target:
                entries.append((digest(key + b"%d" % (len(entries) - start)), host))
            self.counts.append(len(entries) - start)
        entries.sort(key=itemgetter(0))
        self.size = math.ceil(scale)
        self._hashes = array("Q", [entry[0] for entry in entries])
        self._hosts = [entry[1] for entry in entries]

    def lookup(self, hash_value: int, attempt: int) -> Host:
        """The first host at or after the hash, and `attempt` places further."""
        at = bisect_left(self._hashes, hash_value)
        hosts = self._hosts
        if at == len(hosts):
            at = 0
        return hosts[(at + attempt) % len(hosts)] if attempt else hosts[at]
