"""What a policy and a picker are, and what the choice of a host may depend on."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple, Protocol

from tulle.proxy.upstream.cluster_stats import ClusterStats
from tulle.proxy.upstream.hosts import Host, Level


class PickContext:
    """What is known of the request that wants a host; made once a request and reused for its retries."""

    __slots__ = ("attempt", "hash", "max_attempts", "original_dst", "rejects")

    def __init__(self, hash_value: int | None = None, original_dst: tuple[str, int] | None = None) -> None:
        self.hash = hash_value  # from the route's hash policies, 64 bits
        self.original_dst = original_dst  # where the client wanted to go
        self.attempt = 0  # how many hosts were drawn for this try and rejected
        self.rejects: Callable[[Host], bool] | None = None  # hosts that a retry does not want again
        self.max_attempts = 1  # how often to draw again when the host is rejected


class Picker(Protocol):
    """Picks among hosts that do not change while it lives."""

    def pick(self, context: PickContext | None) -> Host | None: ...


class Choice(NamedTuple):
    """The hosts that a picker is built for. `level` is where they come from; in panic they are all of its hosts."""

    hosts: Sequence[Host]
    level: Level
    stats: ClusterStats
    panic: bool = False


class Policy(Protocol):
    """How hosts are picked; a value without state, shared by all clusters that are configured alike."""

    @property
    def hashes(self) -> bool:
        """Whether the request's hash decides, also over the priority, and localities are the picker's affair."""

    def build(self, choice: Choice, random: Random, before: Picker | None) -> Picker:
        """A picker; `before` is the one that it replaces."""


class NoHosts:
    """The picker of an empty list."""

    __slots__ = ()

    def pick(self, context: PickContext | None) -> Host | None:
        """None."""
        return None


NO_HOSTS = NoHosts()


def equal_weights(hosts: Sequence[Host]) -> bool:
    """Whether all hosts have the same weight."""
    first = hosts[0].weight
    return all(host.weight == first for host in hosts)
