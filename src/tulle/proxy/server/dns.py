"""The hosts of STRICT_DNS and LOGICAL_DNS clusters: asked for again and again, told to the workers when they change."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from tulle.foundation.backoff import Backoff
from tulle.protos.messages import Cluster, ClusterLoadAssignment, LbEndpoint
from tulle.proxy.telemetry.stats import Counter, StatsGroup, StatsStore
from tulle.proxy.upstream.cluster import stat_prefix
from tulle.proxy.upstream.endpoints_name import endpoints_name_of
from tulle.proxy.upstream.load_assignment import is_ip

_REFRESH_S = 5.0  # Envoy: Cluster.dns_refresh_rate
_TTL_S = 60.0  # what Envoy's getaddrinfo resolver tells, as the system does not
_MAX_FAILURE_FACTOR = 10  # Envoy: RefreshRate.max_interval
# The name exists no more, or has no address: an answer, not a failure.
_NO_ADDRESS = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})

Addresses = Sequence[str]


class DnsStats(StatsGroup):
    """Of cluster.<name>.: what is done in the main process only."""

    update_attempt: Counter
    update_failure: Counter
    update_no_rebuild: Counter
    update_success: Counter


class Supplies(Protocol):
    """Where the answers go: the warming clusters of the inventory."""

    def supply(self, name: str, data: bytes) -> None:
        """The endpoints that come under this name."""

    def give_up(self, name: str) -> None:
        """Nothing comes for now; nobody needs to wait."""


class Question(NamedTuple):
    """A name to resolve. `family` is a `Cluster.DnsLookupFamily`."""

    target: "Target"
    name: str
    family: int


class Target:
    """One endpoint of a cluster whose address is a name."""

    __slots__ = ("addresses", "backoff", "cluster", "due", "endpoint", "group", "name")

    def __init__(self, cluster: "ResolvedCluster", group: int, endpoint: LbEndpoint, backoff: Backoff | None) -> None:
        self.cluster = cluster
        self.group = group
        self.endpoint = endpoint
        self.name = endpoint.endpoint.address.socket_address.address
        self.backoff = backoff
        self.addresses: Addresses = ()
        self.due: float | None = None  # when to ask; None: not until an answer came


class ResolvedCluster:
    """A cluster whose hosts are resolved."""

    def __init__(self, proto: Cluster, data: bytes, stats: DnsStats, draw: Callable[[], float]) -> None:
        self.data = data
        self.stats = stats
        self.supply_name = endpoints_name_of(proto)
        self.logical = proto.type == Cluster.LOGICAL_DNS
        self.family = int(proto.dns_lookup_family)
        refresh_s = proto.dns_refresh_rate.ToMilliseconds() / 1000 if proto.HasField("dns_refresh_rate") else _REFRESH_S
        self.failure_s = refresh_s
        self.refresh_s = _TTL_S if proto.respect_dns_ttl else refresh_s
        self.empty_refresh_s = refresh_s  # an answer without addresses has no time to live
        self.jitter_s = proto.dns_jitter.ToMilliseconds() / 1000
        self._assignment = proto.load_assignment
        self._draw = draw
        self.targets = [
            Target(self, at, endpoint, self._failure_backoff(proto))
            for at, group in enumerate(proto.load_assignment.endpoints)
            for endpoint in group.lb_endpoints
        ]

    def _failure_backoff(self, proto: Cluster) -> Backoff | None:
        if not proto.HasField("dns_failure_refresh_rate"):
            return None
        rate = proto.dns_failure_refresh_rate
        base_s = rate.base_interval.ToMilliseconds() / 1000
        max_s = rate.max_interval.ToMilliseconds() / 1000 if rate.HasField("max_interval") else 0.0
        return Backoff(base_s, max_s or base_s * _MAX_FAILURE_FACTOR, self._draw)

    def next_wait_s(self, target: Target, failed: bool) -> float:
        """How long until the target is asked for again."""
        if failed:
            return target.backoff.next_s() if target.backoff is not None else self.failure_s
        if target.backoff is not None:
            target.backoff.reset()
        wait_s = self.refresh_s if target.addresses else self.empty_refresh_s
        return wait_s + self._draw() * self.jitter_s

    def assignment(self) -> bytes:
        """The cluster's load assignment with addresses in the place of names."""
        made = ClusterLoadAssignment()
        made.CopyFrom(self._assignment)
        for group in made.endpoints:
            del group.lb_endpoints[:]
            if self.logical:
                group.priority = 0  # Envoy: LOGICAL_DNS knows one priority
        for target in self.targets:
            addresses = target.addresses[:1] if self.logical else target.addresses
            for address in addresses:
                endpoint = made.endpoints[target.group].lb_endpoints.add()
                endpoint.CopyFrom(target.endpoint)
                endpoint.endpoint.address.socket_address.address = address
                endpoint.endpoint.hostname = target.endpoint.endpoint.hostname or target.name
        return made.SerializeToString(deterministic=True)


class Resolution:
    """What is to be asked and when, and what follows from the answers; without a loop, without a socket."""

    def __init__(
        self,
        supplies: Supplies,
        store: StatsStore,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._supplies = supplies
        self._store = store
        self._clock = clock
        self._draw = draw
        self._clusters: dict[str, ResolvedCluster] = {}

    def keep(self, wanted: Mapping[str, bytes]) -> None:
        """The serialized clusters to resolve, by name; others are forgotten."""
        for name in self._clusters.keys() - wanted.keys():
            self._clusters.pop(name).stats.close()
        for name, data in wanted.items():
            known = self._clusters.get(name)
            if known is None or known.data != data:
                started = self._clusters[name] = self._start(data, known)
                if not started.targets:
                    self._supplies.give_up(started.supply_name)

    def _start(self, data: bytes, known: ResolvedCluster | None) -> ResolvedCluster:
        proto = Cluster.FromString(data)
        stats = (
            known.stats if known is not None else DnsStats(self._store, stat_prefix(proto.alt_stat_name or proto.name))
        )
        cluster = ResolvedCluster(proto, data, stats, self._draw)
        if known is not None and known.supply_name == cluster.supply_name:
            for target, before in zip(cluster.targets, known.targets, strict=True):
                target.addresses = before.addresses
        now = self._clock()
        for target in cluster.targets:
            target.due = now
        return cluster

    def next_due(self) -> float | None:
        """When there is something to ask."""
        return min((target.due for target in self._targets() if target.due is not None), default=None)

    def questions(self) -> list[Question]:
        """What is to be asked now; each is answered with `answer`."""
        now = self._clock()
        found: list[Question] = []
        for target in self._targets():
            if target.due is None or target.due > now:
                continue
            target.due = None
            target.cluster.stats.update_attempt.value += 1
            found.append(Question(target, target.name, target.cluster.family))
        return found

    def _targets(self) -> list[Target]:
        return [target for cluster in self._clusters.values() for target in cluster.targets]

    def answer(self, target: Target, addresses: Addresses | None) -> None:
        """The addresses of a name; None: nobody knows, so what was known stays."""
        cluster = target.cluster
        if all(cluster is not known for known in self._clusters.values()):
            return  # the cluster left while its question was open
        failed = addresses is None or (cluster.logical and not addresses)
        if failed:
            cluster.stats.update_failure.value += 1
            self._supplies.give_up(cluster.supply_name)
        else:
            assert addresses is not None, "not failed"
            cluster.stats.update_success.value += 1
            self._take(target, addresses)
        target.due = self._clock() + cluster.next_wait_s(target, failed)

    def _take(self, target: Target, addresses: Addresses) -> None:
        cluster = target.cluster
        unique = list(dict.fromkeys(addresses))
        known = target.addresses
        same = unique[:1] == list(known[:1]) if cluster.logical else set(unique) == set(known)
        if same and known:
            cluster.stats.update_no_rebuild.value += 1
            return
        if not unique and not known:  # the name has no address yet: nothing is new, but nobody needs to wait
            cluster.stats.update_no_rebuild.value += 1
            self._supplies.give_up(cluster.supply_name)
            return
        target.addresses = unique
        self._supplies.supply(cluster.supply_name, cluster.assignment())


class Dns:
    """Asks the system's resolver what `Resolution` wants to know."""

    def __init__(self, resolution: Resolution) -> None:
        self._resolution = resolution
        self._wake = asyncio.Event()

    def keep(self, wanted: Mapping[str, bytes]) -> None:
        """The serialized clusters to resolve, by name."""
        self._resolution.keep(wanted)
        self._wake.set()

    async def follow(self) -> None:
        """Asks for ever."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                for question in self._resolution.questions():
                    group.create_task(self._ask(question), name=f"resolve {question.name}")
                due = self._resolution.next_due()
                wait_s = None if due is None else max(0.0, due - time.monotonic())
                try:
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    async def _ask(self, question: Question) -> None:
        self._resolution.answer(question.target, await resolve(question.name, question.family))
        self._wake.set()


async def resolve(name: str, family: int) -> Addresses | None:
    """The addresses of a name in the order in which the system gives them; None when that failed."""
    if is_ip(name):
        return [name]
    wanted = socket.AF_UNSPEC
    if family in (Cluster.V4_ONLY, Cluster.V6_ONLY):
        wanted = socket.AF_INET if family == Cluster.V4_ONLY else socket.AF_INET6
    loop = asyncio.get_running_loop()
    try:
        found: Sequence[Any] = await loop.getaddrinfo(name, None, family=wanted, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return () if error.errno in _NO_ADDRESS else None
    except OSError:
        return None
    return choose_addresses([entry[4][0] for entry in found], family)


def choose_addresses(addresses: Addresses, family: int) -> Addresses:
    """Those of the family that the cluster wants (Envoy: getaddrinfo.cc; AUTO prefers IPv6)."""
    v4 = [address for address in addresses if ":" not in address]
    v6 = [address for address in addresses if ":" in address]
    match family:
        case Cluster.V4_ONLY:
            return v4
        case Cluster.V6_ONLY:
            return v6
        case Cluster.V4_PREFERRED:
            return v4 or v6
        case Cluster.ALL:
            return [*v6, *v4]
        case _:
            return v6 or v4
