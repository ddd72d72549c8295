"""The hosts of STRICT_DNS and LOGICAL_DNS clusters."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.proxy.upstream.worlds import cluster, endpoint, group
from tulle.protos.messages import Cluster, ClusterLoadAssignment
from tulle.proxy.server import dns
from tulle.proxy.server.dns import Dns, Question, Resolution, choose_addresses, resolve
from tulle.proxy.telemetry.stats import StatsStore


class _World:
    """A resolution with a clock turned by hand, and what it told."""

    def __init__(self, draw: float = 0.5) -> None:
        self.now = 1000.0
        self.store = StatsStore()
        self.told: list[tuple[str, list[tuple[str, str, int]] | None]] = []
        self.resolution = Resolution(self, self.store, lambda: self.now, lambda: draw)

    def supply(self, name: str, data: bytes) -> None:
        made = ClusterLoadAssignment.FromString(data)
        hosts = [
            (where.endpoint.address.socket_address.address, where.endpoint.hostname, at.priority)
            for at in made.endpoints
            for where in at.lb_endpoints
        ]
        self.told.append((name.rpartition("/")[2], hosts))

    def give_up(self, name: str) -> None:
        self.told.append((name.rpartition("/")[2], None))

    def keep(self, *protos: Cluster) -> None:
        self.resolution.keep({proto.name: proto.SerializeToString() for proto in protos})

    def ask(self) -> list[Question]:
        return self.resolution.questions()

    def round(self, *answers: Sequence[str] | None) -> list[Any]:
        """Asks what is due, gives the answers, and returns what was told."""
        self.told.clear()
        for question, addresses in zip(self.ask(), answers, strict=True):
            self.resolution.answer(question.target, addresses)
        return [hosts if hosts is None else [address for address, _, _ in hosts] for _, hosts in self.told]

    def wait_s(self) -> float | None:
        due = self.resolution.next_due()
        return None if due is None else due - self.now

    def counts(self) -> list[int]:
        names = ("update_attempt", "update_success", "update_failure", "update_no_rebuild")
        return [self.store.counter(f"cluster.c.{name}").value for name in names]


def _strict(*names: str, **more: Any) -> Cluster:
    return cluster(group(*(endpoint(80, name) for name in names)), type="STRICT_DNS", **more)


def _logical(**more: Any) -> Cluster:
    return cluster(group(endpoint(80, "a.com"), priority=2), type="LOGICAL_DNS", **more)


def test_a_strict_cluster_has_all_addresses_of_all_its_names() -> None:
    world = _World()
    world.keep(_strict("a.com", "b.com", dns_lookup_family="V4_ONLY"))
    first, second = world.ask()
    assert (first.name, second.name, first.family) == ("a.com", "b.com", Cluster.V4_ONLY)
    world.resolution.answer(first.target, ["1.1.1.1", "1.1.1.2", "1.1.1.1"])
    world.resolution.answer(second.target, ["2.2.2.2"])
    hosts_of_a = [("1.1.1.1", "a.com", 0), ("1.1.1.2", "a.com", 0)]
    assert world.told == [("c", hosts_of_a), ("c", [*hosts_of_a, ("2.2.2.2", "b.com", 0)])]


def test_a_logical_cluster_has_the_first_address_in_the_first_priority() -> None:
    world = _World()
    world.keep(_logical())
    (question,) = world.ask()
    world.resolution.answer(question.target, ["1.1.1.1", "1.1.1.2"])
    assert world.told == [("c", [("1.1.1.1", "a.com", 0)])]


def test_the_host_name_of_an_endpoint_goes_before_the_name_that_was_resolved() -> None:
    world = _World()
    where = {"address": {"socket_address": {"address": "a.com", "port_value": 80}}, "hostname": "app"}
    world.keep(cluster(group({"endpoint": where}), type="STRICT_DNS"))
    (question,) = world.ask()
    world.resolution.answer(question.target, ["1.1.1.1"])
    assert world.told == [("c", [("1.1.1.1", "app", 0)])]


def test_a_name_is_asked_for_again_after_the_refresh_rate() -> None:
    world = _World()
    world.keep(_strict("a.com"))
    assert world.wait_s() == 0
    (question,) = world.ask()
    assert (world.ask(), world.wait_s()) == ([], None)  # until the answer is there
    world.resolution.answer(question.target, ["1.1.1.1"])
    assert world.wait_s() == 5.0
    world.now += 5
    assert world.round(["1.1.1.1"]) == []
    assert world.round() == []
    assert world.counts() == [2, 2, 0, 1]


def test_addresses_in_another_order_are_no_change_for_a_strict_cluster() -> None:
    world = _World()
    world.keep(_strict("a.com"))
    world.round(["1.1.1.1", "2.2.2.2"])
    world.now += 5
    assert world.round(["2.2.2.2", "1.1.1.1"]) == []
    world.now += 5
    assert world.round(["2.2.2.2"]) == [["2.2.2.2"]]


def test_a_logical_cluster_follows_the_first_address() -> None:
    world = _World()
    world.keep(_logical())
    world.round(["1.1.1.1", "2.2.2.2"])
    world.now += 5
    assert world.round(["1.1.1.1"]) == []
    world.now += 5
    assert world.round(["2.2.2.2", "1.1.1.1"]) == [["2.2.2.2"]]


def test_a_failure_ends_the_wait_and_leaves_what_was_known() -> None:
    world = _World()
    world.keep(_strict("a.com"))
    assert world.round(None) == [None]
    assert world.wait_s() == 5.0
    world.now += 5
    assert world.round(["1.1.1.1"]) == [["1.1.1.1"]]
    world.now += 5
    assert world.round(None) == [None]
    assert world.counts() == [3, 1, 2, 0]


def test_no_address_empties_a_strict_cluster_and_is_a_failure_for_a_logical_one() -> None:
    world = _World()
    world.keep(_strict("a.com"))
    assert world.round([]) == [None]
    assert world.counts() == [1, 1, 0, 1]
    world.now += 5
    world.round(["1.1.1.1"])
    world.now += 5
    assert world.round([]) == [[]]
    world = _World()
    world.keep(_logical())
    world.round(["1.1.1.1"])
    world.now += 5
    assert world.round([]) == [None]
    assert world.counts() == [2, 1, 1, 0]


def test_failures_back_off_with_jitter_when_their_rate_is_set() -> None:
    world = _World(draw=0.5)
    rate = {"base_interval": "1s", "max_interval": "3s"}
    world.keep(_strict("a.com", dns_failure_refresh_rate=rate, dns_refresh_rate="20s"))
    waits: list[float | None] = []
    for answer in (None, None, None, None, ["1.1.1.1"], None):
        world.round(answer)
        waits.append(world.wait_s())
        world.now += waits[-1] or 0.0
    assert waits == [0.5, 1.0, 1.5, 1.5, 20.0, 0.5]


def test_jitter_is_added_to_the_refresh_rate() -> None:
    world = _World(draw=0.25)
    world.keep(_strict("a.com", dns_refresh_rate="2s", dns_jitter="4s"))
    world.round(["1.1.1.1"])
    assert world.wait_s() == 3.0


def test_the_time_to_live_that_the_system_does_not_tell_is_a_minute() -> None:
    world = _World()
    world.keep(_strict("a.com", respect_dns_ttl=True))
    world.round(["1.1.1.1"])
    assert world.wait_s() == 60.0


def test_a_cluster_without_endpoints_does_not_wait() -> None:
    world = _World()
    world.keep(cluster(type="STRICT_DNS"))
    assert world.told == [("c", None)]
    assert world.wait_s() is None


def test_a_cluster_that_left_is_not_told_of_and_takes_its_stats_along() -> None:
    world = _World()
    world.keep(_strict("a.com"))
    (question,) = world.ask()
    world.keep()
    world.resolution.answer(question.target, ["1.1.1.1"])
    assert world.told == []
    assert world.store.snapshot().counters == {}


def test_a_changed_cluster_is_resolved_at_once_and_keeps_what_it_had_if_the_names_are_the_same() -> None:
    world = _World()
    world.keep(_strict("a.com"))
    world.round(["1.1.1.1"])
    world.keep(_strict("a.com"))
    assert world.wait_s() == 5.0
    world.keep(_strict("a.com", dns_refresh_rate="9s"))
    assert world.round(["1.1.1.1"]) == []
    assert world.wait_s() == 9.0
    world.keep(_strict("b.com"))
    assert world.round(["1.1.1.1"]) == [["1.1.1.1"]]


@pytest.mark.parametrize(
    ("family", "chosen"),
    [
        (Cluster.AUTO, ["::1", "::2"]),
        (Cluster.V4_ONLY, ["1.1.1.1"]),
        (Cluster.V6_ONLY, ["::1", "::2"]),
        (Cluster.V4_PREFERRED, ["1.1.1.1"]),
        (Cluster.ALL, ["::1", "::2", "1.1.1.1"]),
    ],
)
def test_the_family_decides_which_addresses_count(family: int, chosen: list[str]) -> None:
    assert choose_addresses(["::1", "1.1.1.1", "::2"], family) == chosen
    assert choose_addresses(["1.1.1.1"], Cluster.AUTO) == ["1.1.1.1"]
    assert choose_addresses(["::1"], Cluster.V4_PREFERRED) == ["::1"]


class _Loop:
    """The part of a loop that resolves."""

    def __init__(self, answer: list[str] | OSError) -> None:
        self.answer = answer
        self.asked: list[tuple[str, int]] = []

    async def getaddrinfo(self, name: str, port: object, *, family: int, type: int) -> list[Any]:
        self.asked.append((name, family))
        if isinstance(self.answer, OSError):
            raise self.answer
        return [(0, 0, 0, "", (address, 0)) for address in self.answer]


def _resolve(monkeypatch: pytest.MonkeyPatch, loop: _Loop, name: str, family: int) -> Sequence[str] | None:
    monkeypatch.setattr(dns.asyncio, "get_running_loop", lambda: loop)
    try:
        resolve(name, family).send(None)
    except StopIteration as done:
        result: Sequence[str] | None = done.value
        return result
    raise AssertionError("it waited")


def test_the_system_is_asked_for_the_wanted_family(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = _Loop(["::1", "1.1.1.1"])
    assert _resolve(monkeypatch, loop, "a.com", Cluster.AUTO) == ["::1"]
    assert _resolve(monkeypatch, loop, "a.com", Cluster.V4_ONLY) == ["1.1.1.1"]
    assert _resolve(monkeypatch, loop, "1.2.3.4", Cluster.AUTO) == ["1.2.3.4"]
    assert loop.asked == [("a.com", socket.AF_UNSPEC), ("a.com", socket.AF_INET)]


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no such name"), ()),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), None),
        (OSError(5, "broken"), None),
    ],
)
def test_a_name_that_does_not_exist_is_an_answer_and_the_rest_are_failures(
    monkeypatch: pytest.MonkeyPatch, error: OSError, answer: object
) -> None:
    assert _resolve(monkeypatch, _Loop(error), "a.com", Cluster.AUTO) == answer


def test_answers_reach_the_resolution_while_it_follows() -> None:
    async def run() -> None:
        world = _World()
        following = Dns(Resolution(world, world.store))
        following.keep({"c": _strict("127.0.0.9").SerializeToString()})
        task = asyncio.get_running_loop().create_task(following.follow())
        async with asyncio.timeout(5):
            while not world.told:
                await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert world.told == [("c", [("127.0.0.9", "127.0.0.9", 0)])]

    asyncio.run(run())
