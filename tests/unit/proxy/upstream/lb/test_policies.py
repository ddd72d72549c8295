"""The list of policies."""

from typing import Any

import pytest

from tests.unit.proxy.upstream.worlds import cluster
from tulle.protos.pool import message_class
from tulle.proxy.upstream.lb.hashing import HashSettings
from tulle.proxy.upstream.lb.least_request import LeastRequest
from tulle.proxy.upstream.lb.maglev import Maglev
from tulle.proxy.upstream.lb.policies import (
    LEAST_REQUEST,
    POLICIES,
    RANDOM,
    ROUND_ROBIN,
    build_balancer_settings,
    check_policy,
)
from tulle.proxy.upstream.lb.ring_hash import DEFAULT_MAX_SIZE, RingHash

_TYPE = "type.googleapis.com/envoy.extensions.load_balancing_policies."


def _typed(*configs: dict[str, Any]) -> dict[str, Any]:
    return {
        "load_balancing_policy": {
            "policies": [{"typed_extension_config": {"name": "x", "typed_config": config}} for config in configs]
        }
    }


@pytest.mark.parametrize(
    ("name", "policy"), [("ROUND_ROBIN", ROUND_ROBIN), ("LEAST_REQUEST", LEAST_REQUEST), ("RANDOM", RANDOM)]
)
def test_the_enum_names_a_policy(name: str, policy: object) -> None:
    settings = build_balancer_settings(cluster(lb_policy=name))
    assert (settings.policy, settings.panic_threshold, settings.by_locality) == (policy, 50, False)


def test_the_typed_list_wins_and_its_first_known_policy_counts() -> None:
    proto = cluster(
        lb_policy="RANDOM",
        **_typed(
            {"@type": _TYPE + "wrr_locality.v3.WrrLocality", "endpoint_picking_policy": {}},
            {
                "@type": _TYPE + "least_request.v3.LeastRequest",
                "choice_count": 3,
                "locality_lb_config": {"locality_weighted_lb_config": {}},
            },
            {"@type": _TYPE + "round_robin.v3.RoundRobin"},
        ),
    )
    assert check_policy(proto) == []
    settings = build_balancer_settings(proto)
    assert isinstance(settings.policy, LeastRequest)
    assert settings.by_locality


def test_the_common_settings_are_read() -> None:
    settings = build_balancer_settings(
        cluster(
            common_lb_config={
                "healthy_panic_threshold": {"value": 12.6},
                "zone_aware_lb_config": {"fail_traffic_on_panic": True},
            }
        )
    )
    assert (settings.panic_threshold, settings.fail_on_panic, settings.by_locality) == (13, True, False)
    assert build_balancer_settings(cluster(common_lb_config={"locality_weighted_lb_config": {}})).by_locality


def test_a_full_scan_is_asked_for_in_two_ways() -> None:
    kind = {"@type": _TYPE + "least_request.v3.LeastRequest"}
    for config in ({**kind, "selection_method": "FULL_SCAN"}, {**kind, "enable_full_scan": True}):
        assert build_balancer_settings(cluster(**_typed(config))).policy is not LEAST_REQUEST
    assert build_balancer_settings(cluster(**_typed(kind))).policy is LEAST_REQUEST


def test_the_hashing_policies_are_read_from_their_old_fields() -> None:
    proto = cluster(
        type="STRICT_DNS",
        lb_policy="RING_HASH",
        ring_hash_lb_config={"minimum_ring_size": 7, "hash_function": "MURMUR_HASH_2"},
        common_lb_config={
            "locality_weighted_lb_config": {},
            "consistent_hashing_lb_config": {"use_hostname_for_hashing": True, "hash_balance_factor": 150},
        },
    )
    assert build_balancer_settings(proto).policy == RingHash(7, DEFAULT_MAX_SIZE, True, HashSettings(True, 150, True))
    proto = cluster(lb_policy="MAGLEV", maglev_lb_config={"table_size": 101})
    assert build_balancer_settings(proto).policy == Maglev(101, HashSettings())


def test_the_hashing_policies_are_read_from_their_typed_configuration() -> None:
    ring = {
        "@type": _TYPE + "ring_hash.v3.RingHash",
        "hash_function": "MURMUR_HASH_2",
        "maximum_ring_size": 2000,
        "use_hostname_for_hashing": True,
        "hash_balance_factor": 120,
    }
    proto = cluster(**_typed(ring))
    assert check_policy(proto) == []
    settings = HashSettings(True, 120, False)
    assert build_balancer_settings(proto).policy == RingHash(1024, 2000, True, settings)
    maglev = {
        "@type": _TYPE + "maglev.v3.Maglev",
        "consistent_hashing_lb_config": {"hash_balance_factor": 130},
        "locality_weighted_lb_config": {},
    }
    assert build_balancer_settings(cluster(**_typed(maglev))).policy == Maglev(65537, HashSettings(False, 130, True))


def test_sizes_that_cannot_be_are_rejected() -> None:
    ring = {"@type": _TYPE + "ring_hash.v3.RingHash", "maximum_ring_size": 100}
    maglev = {"@type": _TYPE + "maglev.v3.Maglev", "table_size": 65536}
    assert [problem.message for config in (ring, maglev) for problem in check_policy(cluster(**_typed(config)))] == [
        "ring hash: minimum_ring_size (1024) > maximum_ring_size (100)",
        "The table size of maglev must be prime number",
    ]


def test_clusters_that_are_configured_alike_share_their_settings() -> None:
    assert build_balancer_settings(cluster()) is build_balancer_settings(cluster(name="d"))


def test_a_list_without_a_known_policy_is_rejected() -> None:
    proto = cluster(**_typed({"@type": _TYPE + "wrr_locality.v3.WrrLocality", "endpoint_picking_policy": {}}))
    (problem,) = check_policy(proto)
    assert problem.path == "load_balancing_policy.policies"
    assert "wrr_locality" in problem.message


def test_each_policy_of_the_list_exists_in_the_api() -> None:
    for name in POLICIES:
        assert message_class(name).DESCRIPTOR.full_name == name
