"""From a ClusterLoadAssignment to hosts."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.proxy.upstream.worlds import assignment, assignment_bytes, endpoint, group
from tulle.protos.messages import Metadata
from tulle.protos.reading import parse_message
from tulle.proxy.upstream.hosts import EDS_STATUS_DRAINING, FAILED_ACTIVE_HC, Host, HostSet
from tulle.proxy.upstream.load_assignment import (
    LOGICAL_IDENTITY,
    STATIC_IDENTITY,
    apply_assignment,
    check_assignment,
    check_tcp_address,
    is_ip,
    read_metadata,
)


def _build(*groups: dict[str, Any], **more: Any) -> HostSet:
    hosts = HostSet()
    apply_assignment(hosts, assignment_bytes(*groups, **more))
    return hosts


def _by_port(hosts: HostSet) -> dict[int, Host]:
    return {int(host.address.rpartition(":")[2]): host for host in hosts}


def test_a_host_is_all_that_its_endpoint_says() -> None:
    (host,) = _build(
        group(
            {
                **endpoint(80, "1.2.3.4"),
                "load_balancing_weight": 7,
                "health_status": "DRAINING",
                "metadata": {"filter_metadata": {"envoy.lb": {"canary": True, "version": "v1"}}},
            },
            locality={"region": "r", "zone": "z"},
            priority=0,
        )
    )
    assert (host.address, host.weight, host.flags) == ("1.2.3.4:80", 7, EDS_STATUS_DRAINING)
    assert (host.locality, host.canary, host.metadata["envoy.lb"]["version"]) == (("r", "z", ""), True, "v1")


def test_an_address_is_printed_as_envoy_does() -> None:
    hosts = _build(group(endpoint(80, "0:0::1"), {"endpoint": {"address": {"pipe": {"path": "/run/app.sock"}}}}))
    assert [host.address for host in hosts] == ["[::1]:80", "/run/app.sock"]


def test_priorities_may_have_a_gap() -> None:
    hosts = _build(group(1), group(2, 3, priority=2))
    assert [len(level.hosts) for level in hosts.levels] == [1, 0, 2]


def test_the_policy_of_an_assignment_reaches_its_levels() -> None:
    policy = {"overprovisioning_factor": 100, "weighted_priority_health": True}
    (level,) = _build(group(1), policy=policy).levels
    assert (level.overprovisioning, level.weighted_health) == (100, True)
    assert _build(group(1)).levels[0].overprovisioning == 140


def test_of_two_endpoints_with_one_address_eds_keeps_the_first_and_static_both() -> None:
    data = assignment_bytes(group(endpoint(1, load_balancing_weight=2), endpoint(1), 2), group(1, priority=1))
    of_eds, static = HostSet(), HostSet()
    apply_assignment(of_eds, data)
    apply_assignment(static, data, STATIC_IDENTITY)
    assert [(host.address, host.weight) for host in of_eds] == [("127.0.0.1:1", 2), ("127.0.0.1:2", 1)]
    assert len(static) == 4


def test_the_first_of_two_endpoints_with_one_address_counts_also_when_it_is_the_new_one() -> None:
    hosts = _build(group(1))
    apply_assignment(hosts, assignment_bytes(group(endpoint(1, load_balancing_weight=9), 1)))
    assert [host.weight for host in hosts] == [9]


def test_a_host_whose_address_stays_keeps_its_object() -> None:
    hosts = _build(group(1, 2, 3))
    before = _by_port(hosts)
    before[2].flags |= FAILED_ACTIVE_HC
    change = apply_assignment(hosts, assignment_bytes(group(endpoint(2, load_balancing_weight=5), 3, 4)))
    after = _by_port(hosts)
    assert (after[2] is before[2], after[3] is before[3]) == (True, True)
    assert (after[2].weight, after[2].flags) == (5, FAILED_ACTIVE_HC)
    assert (change.added, change.removed, change.levels) == ([after[4]], [before[1]], [0])


def test_the_same_assignment_again_changes_nothing() -> None:
    groups = [group(1, 2, locality={"zone": "a"}, load_balancing_weight=3), group(3, priority=1)]
    hosts = _build(*groups)
    levels = list(hosts.levels)
    assert apply_assignment(hosts, assignment_bytes(*groups)) == ((), (), (), 0)
    assert [after is before for after, before in zip(hosts.levels, levels, strict=True)] == [True, True]


def test_a_change_of_health_weight_or_locality_touches_its_level_only() -> None:
    hosts = _build(group(1, 2), group(3, priority=1))
    untouched = hosts.levels[1]
    for changed, membership_changes in (
        (group(endpoint(1, health_status="UNHEALTHY"), 2), 0),
        (group(endpoint(1, health_status="UNHEALTHY"), endpoint(2, load_balancing_weight=3)), 0),
        (group(1, 2, locality={"zone": "a"}), 1),
        (group(1, 2, locality={"zone": "a"}, load_balancing_weight=3), 0),
    ):
        change = apply_assignment(hosts, assignment_bytes(changed, group(3, priority=1)))
        assert change == ([], [], [0], membership_changes)
        assert hosts.levels[1] is untouched


def test_another_order_is_no_change() -> None:
    hosts = _build(group(1, 2, 3), group(4, locality={"zone": "a"}))
    order = list(hosts)
    change = apply_assignment(hosts, assignment_bytes(group(4, locality={"zone": "a"}), group(3, 1, 2)))
    assert (change.levels, list(hosts)) == ((), order)


def test_the_one_host_of_a_logical_cluster_stays_the_same_at_another_address() -> None:
    hosts = HostSet()
    apply_assignment(hosts, assignment_bytes(group(endpoint(80, "1.1.1.1"))), LOGICAL_IDENTITY)
    (host,) = hosts
    change = apply_assignment(hosts, assignment_bytes(group(endpoint(80, "2.2.2.2"))), LOGICAL_IDENTITY)
    assert list(hosts) == [host]
    assert (host.address, change.removed) == ("2.2.2.2:80", [])


def test_hosts_with_the_same_metadata_share_it() -> None:
    metadata = parse_message(Metadata, {"filter_metadata": {"envoy.lb": {"stage": "prod"}}})
    data = metadata.SerializeToString()
    assert read_metadata(data) is read_metadata(data)


@pytest.mark.parametrize(("text", "answer"), [("1.2.3.4", True), ("::1", True), ("example.com", False), ("1.2", False)])
def test_a_name_is_no_ip_address(text: str, answer: bool) -> None:
    assert is_ip(text) is answer


def test_what_is_wrong_with_an_address_is_named_with_its_path() -> None:
    bad = assignment(
        group(
            1,
            endpoint(1, "example.com"),
            {"endpoint": {"address": {"socket_address": {"address": "1.1.1.1", "protocol": "UDP", "named_port": "x"}}}},
            {"endpoint": {}},
        )
    )
    where = "load_assignment.endpoints[0].lb_endpoints"
    assert [problem.path for problem in check_assignment(bad, "load_assignment")] == [
        f"{where}[1].endpoint.address.socket_address.address",
        f"{where}[2].endpoint.address.socket_address.protocol",
        f"{where}[2].endpoint.address.socket_address.named_port",
        f"{where}[3].endpoint.address",
    ]
    assert check_assignment(assignment(group(endpoint(1, "example.com"))), "", check_tcp_address) == []


def test_weights_may_not_add_up_to_more_than_32_bits_hold() -> None:
    heavy = 2**31
    endpoints = [endpoint(port, load_balancing_weight=heavy) for port in (1, 2)]
    assert [problem.path for problem in check_assignment(assignment(group(*endpoints)))] == [
        "endpoints[0].lb_endpoints"
    ]
    groups = [group(1, load_balancing_weight=heavy, priority=1), group(2, load_balancing_weight=heavy, priority=1)]
    (problem,) = check_assignment(assignment(*groups))
    assert (problem.path, "priority 1" in problem.message) == ("endpoints", True)
    assert check_assignment(assignment(groups[0], group(2, load_balancing_weight=heavy))) == []


def test_a_locality_that_comes_twice_is_one_with_the_last_weight() -> None:
    hosts = HostSet()
    zone = {"zone": "a"}
    groups = [
        group(1, locality=zone, load_balancing_weight=3),
        group(2, locality=zone, load_balancing_weight=2),
        group(3, locality=zone),
    ]
    apply_assignment(hosts, assignment_bytes(*groups))
    (only,) = hosts.levels[0].groups
    assert (only.locality, only.weight) == (("", "a", ""), 2)
    assert [host.address for host in only.hosts] == ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]


_PORTS = st.integers(1, 6)
_ENDPOINTS = st.builds(
    lambda port, weight, health: endpoint(port, load_balancing_weight=weight, health_status=health),
    _PORTS,
    st.integers(1, 3),
    st.sampled_from(["HEALTHY", "UNHEALTHY", "DEGRADED", "DRAINING"]),
)
_GROUPS = st.builds(
    lambda endpoints, zone, priority, weight: group(
        *endpoints, locality={"zone": zone}, priority=priority, load_balancing_weight=weight
    ),
    st.lists(_ENDPOINTS, max_size=5),
    st.sampled_from(["a", "b"]),
    st.integers(0, 2),
    st.integers(1, 2),
)
_ASSIGNMENTS = st.lists(_GROUPS, max_size=4).map(lambda groups: assignment_bytes(*groups))


def _plain(hosts: HostSet) -> list[Any]:
    """All that can be seen of the hosts but their order, without empty levels at the end."""

    def facts(some: Sequence[Host]) -> list[tuple[object, ...]]:
        return sorted((host.address, host.weight, host.flags, host.priority, host.locality) for host in some)

    levels = [
        (
            sorted((at.locality, at.weight, facts(at.hosts)) for at in level.groups if at.hosts),
            facts(level.hosts),
            facts(level.healthy),
            facts(level.degraded),
            level.excluded,
        )
        for level in hosts.levels
    ]
    while levels and not levels[-1][1]:
        levels.pop()
    return levels


@given(st.lists(_ASSIGNMENTS, min_size=2, max_size=5))
def test_an_update_leads_to_what_a_fresh_build_gives(assignments: list[bytes]) -> None:
    hosts = HostSet()
    known: set[Host] = set()
    for data in assignments:
        before = {host.address: host for host in hosts}
        change = apply_assignment(hosts, data)
        fresh = HostSet()
        apply_assignment(fresh, data)
        assert _plain(hosts) == _plain(fresh)
        assert all(before.get(host.address, host) is host for host in hosts)
        known = (known | set(change.added)) - set(change.removed)
        assert known == set(hosts)
