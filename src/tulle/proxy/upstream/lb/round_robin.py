"""ROUND_ROBIN: in turn, by weight."""

from collections.abc import Sequence
from random import Random

from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.edf import EdfSchedule
from tulle.proxy.upstream.lb.picking import NO_HOSTS, Choice, PickContext, Picker, equal_weights


class RoundRobin:
    """The policy."""

    hashes = False

    def build(self, choice: Choice, random: Random, before: Picker | None) -> Picker:
        """Equal weights go round by index; others by the earliest deadline."""
        hosts = choice.hosts
        if not hosts:
            return NO_HOSTS
        if not equal_weights(hosts):
            return WeightedTurns(hosts, random.random())
        start = before.next_index if isinstance(before, EqualTurns) else random.randrange(len(hosts))
        return EqualTurns(hosts, start)


class EqualTurns:
    """Hosts of equal weight, one after the other."""

    __slots__ = ("_hosts", "next_index")

    def __init__(self, hosts: Sequence[Host], start: int) -> None:
        self._hosts = hosts
        self.next_index = start

    def pick(self, context: PickContext | None) -> Host | None:
        """The next host."""
        hosts = self._hosts
        at = self.next_index
        if at >= len(hosts):
            at %= len(hosts)
        self.next_index = at + 1
        return hosts[at]


class WeightedTurns:
    """Hosts of different weights."""

    __slots__ = ("_schedule",)

    def __init__(self, hosts: Sequence[Host], phase: float) -> None:
        self._schedule = EdfSchedule(hosts, weight_of, phase)

    def pick(self, context: PickContext | None) -> Host | None:
        """The host whose turn it is."""
        return self._schedule.pick()


def weight_of(host: Host) -> float:
    """As the schedule asks for it."""
    return host.weight
