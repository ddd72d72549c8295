"""RANDOM: any host."""

from collections.abc import Callable, Sequence
from random import Random

from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.picking import NO_HOSTS, Choice, PickContext, Picker


class RandomHost:
    """The policy."""

    hashes = False

    def build(self, choice: Choice, random: Random, before: Picker | None) -> Picker:
        """Weights do not count (Envoy: random_lb.cc)."""
        return AnyOf(choice.hosts, random.random) if choice.hosts else NO_HOSTS


class AnyOf:
    """One of the hosts by lot."""

    __slots__ = ("_hosts", "_roll")

    def __init__(self, hosts: Sequence[Host], roll: Callable[[], float]) -> None:
        self._hosts = hosts
        self._roll = roll

    def pick(self, context: PickContext | None) -> Host | None:
        """Any."""
        hosts = self._hosts
        return hosts[int(self._roll() * len(hosts))]
