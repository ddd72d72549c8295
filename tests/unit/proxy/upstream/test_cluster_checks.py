"""What is wrong with a cluster."""

from typing import Any

import pytest

from tests.unit.proxy.upstream.worlds import cluster, endpoint, group
from tulle.protos.supported import find_unsupported
from tulle.proxy.upstream.cluster_checks import check_cluster
from tulle.proxy.upstream.fields import SUPPORTED

_NAMED = group(endpoint(80, "example.com"))
_EDS = {"type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {}}}}


@pytest.mark.parametrize(
    ("groups", "fields"),
    [
        ([], {}),
        ([group(1, 2)], {}),
        ([_NAMED], {"type": "STRICT_DNS"}),
        ([_NAMED], {"type": "LOGICAL_DNS", "dns_failure_refresh_rate": {"base_interval": "1s", "max_interval": "2s"}}),
        ([], _EDS),
        ([], {"type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}),
    ],
)
def test_a_cluster_of_each_kind_can_be_good(groups: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    assert check_cluster(cluster(*groups, **fields)) == []


@pytest.mark.parametrize(
    ("groups", "fields", "path"),
    [
        ([], {"type": "EDS"}, "eds_cluster_config"),
        ([], {"eds_cluster_config": {}}, "eds_cluster_config"),
        ([group(1)], _EDS, "load_assignment"),
        ([_NAMED], {}, "load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address"),
        ([], {"type": "LOGICAL_DNS"}, "load_assignment.endpoints"),
        ([group(1, 2)], {"type": "LOGICAL_DNS"}, "load_assignment.endpoints"),
        (
            [group({"endpoint": {"address": {"pipe": {"path": "/x"}}}})],
            {"type": "STRICT_DNS"},
            "load_assignment.endpoints[0].lb_endpoints[0].endpoint.address",
        ),
        (
            [_NAMED],
            {"type": "STRICT_DNS", "dns_failure_refresh_rate": {"base_interval": "3s", "max_interval": "2s"}},
            "dns_failure_refresh_rate.max_interval",
        ),
        ([], {"type": "ORIGINAL_DST"}, "lb_policy"),
        ([], {"lb_policy": "CLUSTER_PROVIDED"}, "lb_policy"),
        ([], {"original_dst_lb_config": {}}, "original_dst_lb_config"),
        (
            [],
            {
                "type": "ORIGINAL_DST",
                "load_balancing_policy": {"policies": [{"typed_extension_config": {"name": "x"}}]},
            },
            "load_balancing_policy",
        ),
        ([], {"lb_policy": "RING_HASH", "ring_hash_lb_config": {"maximum_ring_size": 10}}, "ring_hash_lb_config"),
        ([], {"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": 100}}, "maglev_lb_config"),
        (
            [],
            {"common_lb_config": {"consistent_hashing_lb_config": {"use_hostname_for_hashing": True}}},
            "common_lb_config.consistent_hashing_lb_config.use_hostname_for_hashing",
        ),
        (
            [],
            {"circuit_breakers": {"thresholds": [{"max_requests": 1}, {"max_requests": 2}]}},
            "circuit_breakers.thresholds[1]",
        ),
        ([], {"transport_socket": {"name": "envoy.transport_sockets.tls"}}, "transport_socket"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(groups: list[dict[str, Any]], fields: dict[str, Any], path: str) -> None:
    assert path in [problem.path for problem in check_cluster(cluster(*groups, **fields))]


@pytest.mark.parametrize(
    "fields",
    [
        {"health_checks": [{"timeout": "1s", "interval": "1s"}]},
        {"outlier_detection": {}},
        {"lb_subset_config": {}},
        {"round_robin_lb_config": {"slow_start_config": {}}},
        {"circuit_breakers": {"thresholds": [{"retry_budget": {}}]}},
        {"upstream_bind_config": {}},
        {"dns_resolvers": [{"pipe": {"path": "/x"}}]},
    ],
)
def test_a_field_that_has_no_effect_yet_is_rejected(fields: dict[str, Any]) -> None:
    assert len(find_unsupported(cluster(**fields), SUPPORTED)) == 1


def test_every_field_of_the_list_exists_in_the_api() -> None:
    from tulle.protos.pool import pool

    for message, fields in SUPPORTED.items():
        assert fields <= set(pool().FindMessageTypeByName(message).fields_by_name), message
