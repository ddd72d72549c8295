"""All clusters of one worker."""

import marshal

from tests.unit.proxy.upstream.worlds import assignment_bytes, cluster, endpoint, group
from tulle.proxy.server.view import _cluster_view
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster import Cluster
from tulle.proxy.upstream.clusters import ClusterSet
from tulle.proxy.upstream.hosts import Host

_EDS = {"type": "EDS", "eds_cluster_config": {"service_name": "s"}}


def _put(clusters: ClusterSet, *groups: dict[str, object], **fields: object) -> Cluster:
    proto = cluster(*groups, **fields)
    return clusters.put(proto.name, proto.SerializeToString())


def _ports(found: Cluster | None) -> list[str]:
    assert found is not None
    return [host.address.rpartition(":")[2] for host in found.hosts]


def test_a_cluster_is_found_by_its_name() -> None:
    clusters = ClusterSet(StatsStore())
    made = _put(clusters, group(1))
    assert clusters.get("c") is made
    assert clusters.get("d") is None
    assert len(clusters) == 1


def test_endpoints_reach_every_cluster_that_uses_them() -> None:
    clusters = ClusterSet(StatsStore())
    for name in ("a", "b"):
        _put(clusters, name=name, **_EDS)
    clusters.put_endpoints("s", assignment_bytes(group(1, 2)))
    assert _ports(clusters.get("a")) == _ports(clusters.get("b")) == ["1", "2"]
    clusters.put_endpoints("unknown", assignment_bytes(group(1)))


def test_a_cluster_that_is_replaced_has_its_endpoints_at_once() -> None:
    store = StatsStore()
    clusters = ClusterSet(store)
    before = _put(clusters, **_EDS)
    data = assignment_bytes(group(1))
    clusters.put_endpoints("s", data)
    after = _put(clusters, connect_timeout="1s", **_EDS)
    assert after is not before
    assert _ports(after) == ["1"]
    clusters.put_endpoints("s", data)  # what the main process sends after a cluster
    assert store.counter("cluster.c.update_success").value == 2


def test_endpoints_that_nobody_uses_any_longer_are_forgotten() -> None:
    clusters = ClusterSet(StatsStore())
    _put(clusters, **_EDS)
    clusters.put_endpoints("s", assignment_bytes(group(1)))
    _put(clusters, type="EDS", eds_cluster_config={"service_name": "t"})
    assert _ports(_put(clusters, **_EDS)) == []


def test_those_who_keep_pools_hear_of_hosts_that_leave() -> None:
    clusters = ClusterSet(StatsStore())
    heard: list[tuple[str, list[str]]] = []

    def hear(of: Cluster, hosts: list[Host]) -> None:
        heard.append((of.name, [host.address.rpartition(":")[2] for host in hosts]))

    clusters.on_removed.append(hear)  # type: ignore[arg-type]
    _put(clusters, **_EDS)
    clusters.put_endpoints("s", assignment_bytes(group(1, 2)))
    clusters.put_endpoints("s", assignment_bytes(group(2, 3)))
    _put(clusters, connect_timeout="1s", **_EDS)
    clusters.remove("c")
    clusters.remove("c")
    assert heard == [("c", ["1"]), ("c", ["2", "3"]), ("c", ["2", "3"])]


def test_a_cluster_takes_its_stats_along_when_it_leaves_or_gets_another_name_for_them() -> None:
    store = StatsStore()
    clusters = ClusterSet(store)
    _put(clusters, group(1))
    _put(clusters, group(1), alt_stat_name="d")
    assert {name for _, names in store.snapshot().shapes for name in names} == {"cluster.d."}
    clusters.remove("c")
    assert store.snapshot().shapes == []


def test_counters_go_on_when_a_cluster_is_replaced() -> None:
    store = StatsStore()
    clusters = ClusterSet(store)
    _put(clusters, group(1)).stats.upstream_rq_total.value += 5
    _put(clusters, group(2)).stats.upstream_rq_total.value += 1
    assert store.counter("cluster.c.upstream_rq_total").value == 6


def test_what_is_described_can_be_sent_and_shown() -> None:
    clusters = ClusterSet(StatsStore())
    _put(clusters, group(1, endpoint(2, health_status="DRAINING"), locality={"region": "r"}))
    described = marshal.loads(marshal.dumps(clusters.describe()))
    view = _cluster_view(described[0], {"c": True})
    assert [host.address for host in view.hosts] == ["127.0.0.1:1", "127.0.0.1:2"]
    assert (view.hosts[1].health_flags, view.hosts[1].locality) == ("/eds_status_draining", ("r", "", ""))
    assert not view.added_via_api
