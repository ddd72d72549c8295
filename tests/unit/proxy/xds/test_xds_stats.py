"""Stats of the xDS client."""

from tulle.protos.type_urls import CLUSTER, LISTENER
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.xds.xds_stats import XdsStats


def test_the_connection_shows_in_control_plane_and_in_the_servers_cluster() -> None:
    store = StatsStore()
    stats = XdsStats(store, "xds")
    stats.connection_failed()
    stats.connected()
    snapshot = store.snapshot()
    assert snapshot.gauges["control_plane.connected_state"] == 1
    assert snapshot.counters["cluster.xds.upstream_cx_total"] == 2
    assert snapshot.counters["cluster.xds.upstream_cx_connect_fail"] == 1
    assert snapshot.counters["cluster_manager.cds.update_failure"] == 1
    stats.disconnected()
    assert store.snapshot().gauges["control_plane.connected_state"] == 0


def test_an_accepted_update_has_a_version_that_changes_with_its_text() -> None:
    store = StatsStore()
    stats = XdsStats(store, "xds")
    stats.of(CLUSTER).accepted("v1")
    stats.of(LISTENER).accepted("v2")
    gauges = store.snapshot().gauges
    assert gauges["cluster_manager.cds.version"] != gauges["listener_manager.lds.version"]
