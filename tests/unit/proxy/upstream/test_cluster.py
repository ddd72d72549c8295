"""One cluster of a worker."""

import pytest

from tests.unit.proxy.upstream.worlds import assignment_bytes, cluster, endpoint, group
from tulle.foundation.errors import InvalidInput
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster import Cluster, build_cluster, make_cluster, stat_prefix
from tulle.proxy.upstream.hosts import FAILED_OUTLIER_CHECK, Host
from tulle.proxy.upstream.lb.picking import PickContext

_EDS = {"type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {}}}}


def _shown(store: StatsStore, *names: str) -> list[int]:
    snapshot = store.snapshot()
    return [{**snapshot.counters, **snapshot.gauges}.get(f"cluster.c.{name}", 0) for name in names]


def test_a_cluster_has_envoys_defaults() -> None:
    made = build_cluster(cluster(), StatsStore())
    assert (made.connect_timeout_s, made.per_connection_buffer_limit, made.metadata) == (5.0, 1024 * 1024, {})
    assert made.pick() is None


def test_a_cluster_is_what_its_message_says() -> None:
    made = build_cluster(
        cluster(
            group(1),
            name="outbound|80||a",
            alt_stat_name="a:80",
            connect_timeout="0.25s",
            per_connection_buffer_limit_bytes=4096,
            metadata={"filter_metadata": {"istio": {"config": "x"}}},
        ),
        StatsStore(),
    )
    assert (made.name, made.observability_name, made.stats.prefix) == ("outbound|80||a", "a:80", "cluster.a_80.")
    assert (made.connect_timeout_s, made.per_connection_buffer_limit) == (0.25, 4096)
    assert made.metadata["istio"]["config"] == "x"
    assert repr(made) == "Cluster(outbound|80||a)"


def test_a_colon_in_a_name_is_an_underscore_in_its_stats() -> None:
    assert stat_prefix("a:b:c") == "cluster.a_b_c."


def test_all_that_is_wrong_is_told_at_once() -> None:
    bad = cluster(
        group(endpoint(1, "a.com"), endpoint(1, "b.com")),
        lb_policy="LOAD_BALANCING_POLICY_CONFIG",
        eds_cluster_config={},
    )
    with pytest.raises(InvalidInput) as raised:
        build_cluster(bad, StatsStore())
    assert len(raised.value.problems) >= 3


def test_static_hosts_are_there_at_once_and_counted() -> None:
    store = StatsStore()
    made = build_cluster(
        cluster(group(1, endpoint(2, health_status="DEGRADED"), endpoint(3, load_balancing_weight=7))), store
    )
    assert len(made.hosts) == 3
    names = ("membership_total", "membership_healthy", "membership_degraded", "membership_change", "max_host_weight")
    assert _shown(store, *names) == [3, 2, 1, 1, 0]
    assert _shown(store, "default.total_match_count", "update_attempt") == [3, 0]


def test_endpoints_come_later_to_an_eds_cluster() -> None:
    store = StatsStore()
    made = build_cluster(cluster(**_EDS), store)
    assert made.pick() is None
    made.update_endpoints(assignment_bytes(group(1, endpoint(2, load_balancing_weight=7))))
    made.update_endpoints(assignment_bytes(group(1, endpoint(2, load_balancing_weight=7))))
    names = ("update_attempt", "update_success", "update_no_rebuild", "max_host_weight", "membership_change")
    assert _shown(store, *names) == [3, 2, 1, 7, 1]
    assert made.pick() in list(made.hosts)


def test_the_heaviest_host_is_remembered_while_there_are_none() -> None:
    store = StatsStore()
    made = build_cluster(cluster(**_EDS), store)
    made.update_endpoints(assignment_bytes(group(1, endpoint(2, load_balancing_weight=7))))
    made.update_endpoints(assignment_bytes())
    assert _shown(store, "max_host_weight", "membership_total", "default.total_match_count") == [7, 0, 2]


def test_what_is_resolved_elsewhere_is_not_counted_here() -> None:
    store = StatsStore()
    made = build_cluster(cluster(group(endpoint(80, "a.com")), type="STRICT_DNS"), store)
    assert len(made.hosts) == 0
    made.update_endpoints(assignment_bytes(group(endpoint(80, "1.1.1.1"), endpoint(80, "2.2.2.2"))))
    assert _shown(store, "update_attempt", "update_success", "membership_total") == [0, 0, 2]


def test_pools_of_hosts_that_leave_are_told_of() -> None:
    made = build_cluster(cluster(**_EDS), StatsStore())
    removed: list[tuple[Cluster, list[str]]] = []
    made.on_removed = lambda of, hosts: removed.append((of, [host.address for host in hosts]))
    made.update_endpoints(assignment_bytes(group(1, 2)))
    made.update_endpoints(assignment_bytes(group(2)))
    made.retire()
    assert removed == [(made, ["127.0.0.1:1"]), (made, ["127.0.0.1:2"])]


def test_a_host_that_a_retry_rejects_is_not_taken_when_another_can_be_had() -> None:
    made = build_cluster(cluster(group(1, 2)), StatsStore())
    tried = made.pick()
    context = PickContext()
    context.rejects = lambda host: host is tried
    context.max_attempts = 3
    assert made.pick(context) is not tried
    assert context.attempt == 0
    only = build_cluster(cluster(group(1)), StatsStore())
    context.rejects = lambda host: True
    assert only.pick(context) is not None


def test_a_host_that_is_ejected_gets_nothing_until_it_is_well() -> None:
    store = StatsStore()
    made = build_cluster(cluster(group(1, 2, 3)), store)
    bad = made.pick()
    assert isinstance(bad, Host)
    bad.flags |= FAILED_OUTLIER_CHECK
    made.refresh_health([bad])
    assert bad not in {made.pick() for _ in range(10)}
    assert _shown(store, "membership_healthy", "membership_total") == [2, 3]
    bad.flags &= ~FAILED_OUTLIER_CHECK
    made.refresh_health([bad])
    assert bad in {made.pick() for _ in range(10)}


def test_an_original_destination_cluster_makes_its_hosts() -> None:
    made = make_cluster(cluster(type="ORIGINAL_DST", lb_policy="CLUSTER_PROVIDED"), StatsStore())
    host = made.pick(PickContext(None, ("1.2.3.4", 80)))
    assert host is not None
    assert list(made.hosts) == [host]


def test_a_service_name_is_shown_when_it_was_given_though_it_is_that_of_the_cluster() -> None:
    def shown(**config: str) -> str:
        name: str = make_cluster(cluster(type="EDS", eds_cluster_config=config), StatsStore()).describe()[
            "eds_service_name"
        ]
        return name

    assert (shown(), shown(service_name="c"), shown(service_name="s")) == ("", "c", "s")


def test_a_cluster_describes_itself_for_the_admin_page() -> None:
    made = build_cluster(cluster(**{**_EDS, "eds_cluster_config": {"service_name": "s"}}), StatsStore())
    made.update_endpoints(
        assignment_bytes(group(endpoint(1, load_balancing_weight=2), locality={"zone": "z"}, priority=1))
    )
    described = made.describe()
    assert (described["name"], described["eds_service_name"]) == ("c", "s")
    assert described["thresholds"]["default"]["max_retries"] == 3
    (host,) = described["hosts"]
    assert (host["address"], host["weight"], host["priority"], host["locality"]) == ("127.0.0.1:1", 2, 1, ["", "z", ""])
    assert (set(host["gauges"]), host["healthy"]) == ({"cx_active", "rq_active", "rq_pending_active"}, True)
