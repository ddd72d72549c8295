"""LEAST_REQUEST: the host with the fewest requests, of a few that are drawn or of all."""

from collections.abc import Callable, Sequence
from random import Random

from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.lb.edf import EdfSchedule
from tulle.proxy.upstream.lb.picking import NO_HOSTS, Choice, PickContext, Picker, equal_weights


class LeastRequest:
    """The policy."""

    __slots__ = ("_active_request_bias", "_choice_count", "_full_scan")

    hashes = False

    def __init__(self, choice_count: int = 2, active_request_bias: float = 1.0, full_scan: bool = False) -> None:
        self._choice_count = choice_count
        self._active_request_bias = active_request_bias
        self._full_scan = full_scan

    def build(self, choice: Choice, random: Random, before: Picker | None) -> Picker:
        """Equal weights are drawn and compared; others take turns, the busy ones less often."""
        hosts = choice.hosts
        if not hosts:
            return NO_HOSTS
        if not equal_weights(hosts):
            return BusyTurns(hosts, self._active_request_bias, random.random())
        if self._full_scan:
            return LeastOfAll(hosts, random.random)
        if self._choice_count == 2:
            return LeastOfTwo(hosts, random.random)
        return LeastOfSome(hosts, random.random, self._choice_count)


class LeastOfTwo:
    """The less busy of two hosts drawn by lot.

    Two draws avoid the herd that a scan for the least busy host would make, and cost the same for any number of hosts.
    """

    __slots__ = ("_hosts", "_roll")

    def __init__(self, hosts: Sequence[Host], roll: Callable[[], float]) -> None:
        self._hosts = hosts
        self._roll = roll

    def pick(self, context: PickContext | None) -> Host | None:
        """The first drawn wins a tie."""
        hosts = self._hosts
        count = len(hosts)
        roll = self._roll
        first, second = hosts[int(roll() * count)], hosts[int(roll() * count)]
        return second if second.rq_active < first.rq_active else first


class LeastOfSome:
    """The same for another number of draws."""

    __slots__ = ("_draws", "_hosts", "_roll")

    def __init__(self, hosts: Sequence[Host], roll: Callable[[], float], draws: int) -> None:
        self._hosts = hosts
        self._roll = roll
        self._draws = draws

    def pick(self, context: PickContext | None) -> Host | None:
        """The first drawn wins a tie."""
        hosts, roll = self._hosts, self._roll
        count = len(hosts)
        best = hosts[int(roll() * count)]
        for _ in range(self._draws - 1):
            other = hosts[int(roll() * count)]
            if other.rq_active < best.rq_active:
                best = other
        return best


class LeastOfAll:
    """The least busy of all hosts; any of them when there are several."""

    __slots__ = ("_hosts", "_roll")

    def __init__(self, hosts: Sequence[Host], roll: Callable[[], float]) -> None:
        self._hosts = hosts
        self._roll = roll

    def pick(self, context: PickContext | None) -> Host | None:
        """Scans all hosts."""
        least = min(host.rq_active for host in self._hosts)
        idle = [host for host in self._hosts if host.rq_active == least]
        return idle[int(self._roll() * len(idle))]


class BusyTurns:
    """Hosts of different weights, in turn by weight / (active requests + 1) ** bias."""

    __slots__ = ("_bias", "_schedule")

    def __init__(self, hosts: Sequence[Host], bias: float, phase: float) -> None:
        self._bias = bias
        self._schedule = EdfSchedule(hosts, self._weight_of, phase)

    def _weight_of(self, host: Host) -> float:
        if self._bias == 1.0:
            return host.weight / (host.rq_active + 1)
        return float(host.weight / (host.rq_active + 1) ** self._bias)

    def pick(self, context: PickContext | None) -> Host | None:
        """The host whose turn it is."""
        return self._schedule.pick()
