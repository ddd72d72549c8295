"""What ring hash and Maglev share: keys, weights, and the cap on the load of one host."""

import math
from collections.abc import Sequence
from random import Random
from typing import NamedTuple, Protocol

from tulle.proxy.telemetry.stats import Gauge
from tulle.proxy.upstream.cluster_stats import ClusterStats
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.localities import localities_of
from tulle.proxy.upstream.lb.mt19937 import numbers
from tulle.proxy.upstream.lb.picking import NO_HOSTS, Choice, PickContext, Picker


class HashSettings(NamedTuple):
    """What every policy of this kind can be told."""

    use_hostname: bool = False
    balance_factor: int = 0  # percent of the average load that a host may have; 0: no cap
    by_locality: bool = False


class Weighted(NamedTuple):
    """A host and its share; the shares of a table make 1."""

    host: Host
    weight: float


class Table(Protocol):
    """Hosts by hash."""

    def lookup(self, hash_value: int, attempt: int) -> Host:
        """The host of a hash; another one, most likely, for each further attempt."""


def hash_key(host: Host, use_hostname: bool) -> str:
    """What stands for a host in a table (Envoy: HashingLoadBalancer::hashKey)."""
    key = host.metadata.get("envoy.lb", {}).get("hash_key")
    if isinstance(key, str) and key:
        return key
    return host.hostname if use_hostname and host.hostname else host.address


def normalized(choice: Choice, by_locality: bool) -> list[Weighted]:
    """The hosts with their shares, in their order (Envoy: thread_aware_lb_impl.cc)."""
    if not by_locality:
        return _shares(choice.hosts, 1.0)
    localities = localities_of(choice.level)
    total = sum(locality.weight for locality in localities)
    result: list[Weighted] = []
    for locality in localities:
        if locality.weight:
            result += _shares(locality.hosts if choice.panic else locality.healthy, locality.weight / total)
    return result


def _shares(hosts: Sequence[Host], part: float) -> list[Weighted]:
    total = sum(host.weight for host in hosts)
    return [Weighted(host, host.weight * part / total) for host in hosts]


def table_picker(table: Table, hosts: Sequence[Weighted], choice: Choice, factor: int, random: Random) -> Picker:
    """A picker over a table, with a cap on the load of each host if there is a factor."""
    if not hosts:
        return NO_HOSTS
    if not factor:
        return HashPicker(table, random)
    return BoundedPicker(table, hosts, choice.stats, factor, random)


class HashPicker:
    """The host that the request's hash falls to; any, for a request without one."""

    __slots__ = ("_random", "_table")

    def __init__(self, table: Table, random: Random) -> None:
        self._table = table
        self._random = random

    def pick(self, context: PickContext | None) -> Host | None:
        """By the hash."""
        if context is None or context.hash is None:
            return self._table.lookup(self._random.getrandbits(64), 0)
        return self._table.lookup(context.hash, context.attempt)


class BoundedPicker:
    """The same, but a host that has more than its share of the requests passes them on.

    To whom is drawn with the hash for a seed, so that the same hash goes the same way (Envoy:
    BoundedLoadHashingLoadBalancer).
    """

    __slots__ = ("_active", "_factor", "_hosts", "_random", "_table", "_weights")

    def __init__(
        self, table: Table, hosts: Sequence[Weighted], stats: ClusterStats, factor: int, random: Random
    ) -> None:
        self._table = table
        self._hosts = hosts
        self._weights = dict(hosts)
        self._active: Gauge = stats.upstream_rq_active
        self._factor = factor
        self._random = random

    def pick(self, context: PickContext | None) -> Host | None:
        """By the hash, or by lot when that host is busy."""
        hash_value = context.hash if context is not None else None
        if hash_value is None:
            hash_value = self._random.getrandbits(64)
        host = self._table.lookup(hash_value, context.attempt if context is not None else 0)
        overload = self._overload(host, self._weights[host])
        return host if overload <= 1.0 else self._another(host, overload, hash_value)

    def _another(self, host: Host, overload: float, hash_value: int) -> Host:
        count = len(self._hosts)
        order = list(range(count))
        least, least_overload = host, overload
        draws = numbers(hash_value & 0xFFFFFFFF)
        for at in range(count):
            left = count - at
            step = 2**32 // left
            drawn = next(number for number in (value // step for value in draws) if number < left)
            order[at], order[at + drawn] = order[at + drawn], order[at]
            other, weight = self._hosts[order[at]]
            if other is host:
                continue
            overload = self._overload(other, weight)
            if overload <= 1.0:
                return other
            if overload < least_overload:
                least, least_overload = other, overload
        return least

    def _overload(self, host: Host, weight: float) -> float:
        slots = ((self._active.value + 1) * self._factor + 99) // 100
        return host.rq_active / max(math.ceil(slots * weight), 1)
