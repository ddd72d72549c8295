"""ORIGINAL_DST."""

from tests.unit.proxy.upstream.worlds import cluster
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster_stats import ClusterStats
from tulle.proxy.upstream.hosts import Host, HostChange, HostSet
from tulle.proxy.upstream.lb.original_dst import OriginalDst, OriginalDstSettings
from tulle.proxy.upstream.lb.picking import PickContext


class _World:
    def __init__(self, settings: OriginalDstSettings | None = None) -> None:
        self.now = 100.0
        self.changes: list[HostChange] = []
        self.hosts = HostSet()
        self.stats = ClusterStats(StatsStore(), "cluster.c.")
        settings = settings or OriginalDstSettings()
        self.balancer = OriginalDst(self.hosts, settings, self.stats, self.changes.append, lambda: self.now)

    def pick(self, ip: str, port: int) -> Host:
        host = self.balancer.pick(PickContext(None, (ip, port)))
        assert host is not None
        return host


def test_a_host_is_made_for_each_address_and_kept() -> None:
    world = _World()
    first = world.pick("1.2.3.4", 80)
    assert world.pick("1.2.3.4", 80) is first
    assert world.pick("::1", 80).address == "[::1]:80"
    assert [host.address for host in world.hosts] == ["1.2.3.4:80", "[::1]:80"]
    assert [change.added for change in world.changes] == [[first], [world.pick("::1", 80)]]


def test_without_an_original_destination_there_is_no_host() -> None:
    world = _World()
    assert world.balancer.pick(None) is None
    assert world.balancer.pick(PickContext()) is None
    assert world.stats.original_dst_host_invalid.value == 0  # Envoy counts wrong overrides only


def test_hosts_that_nobody_wants_any_longer_are_forgotten_but_not_those_with_connections() -> None:
    world = _World()
    idle, busy = world.pick("1.1.1.1", 1), world.pick("2.2.2.2", 2)
    busy.cx_active = 1
    world.now += 6
    world.pick("3.3.3.3", 3)  # the first sweep only notes that nobody asked since
    world.now += 6
    world.pick("4.4.4.4", 4)
    assert [host.address for host in world.hosts] == ["2.2.2.2:2", "3.3.3.3:3", "4.4.4.4:4"]
    assert world.changes[-1].removed == [idle]


def test_the_port_can_be_another() -> None:
    settings = OriginalDstSettings.of(
        cluster(type="ORIGINAL_DST", cleanup_interval="9s", original_dst_lb_config={"upstream_port_override": 15006})
    )
    assert settings.cleanup_interval_s == 9.0
    assert _World(settings).pick("1.2.3.4", 80).address == "1.2.3.4:15006"


def test_a_change_of_hosts_needs_no_work() -> None:
    world = _World()
    world.balancer.refresh([0])
    assert len(world.hosts) == 0
