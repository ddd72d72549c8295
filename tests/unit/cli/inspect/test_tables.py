"""Lines of tables."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tulle.cli.inspect import tables

VS = {"filter_metadata": {"istio": {"config": "/apis/networking.istio.io/v1/namespaces/shop/virtual-service/r"}}}
RULE = {"filter_metadata": {"istio": {"config": "/apis/networking.istio.io/v1/namespaces/shop/destination-rule/d"}}}
ADDRESS = {"socket_address": {"address": "10.0.0.1", "port_value": 80}}


def chain(config: dict[str, Any], match: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"filters": [{"name": "f", "typed_config": config}], "filter_chain_match": match or {}}


def routes(*found: dict[str, Any]) -> dict[str, Any]:
    return {"name": "9080", "virtual_hosts": [{"name": "v", "domains": ["a", "b", "c", "d"], "routes": list(found)}]}


ROWS: list[tuple[Callable[[Any], Iterator[Sequence[object]]], dict[str, Any], list[Sequence[object]]]] = [
    (
        tables.cluster_rows,
        {"name": "outbound|9080|v1|a.shop", "type": "EDS", "metadata": RULE},
        [("a.shop", 9080, "v1", "outbound", "EDS", "d.shop")],
    ),
    (tables.cluster_rows, {"name": "inbound|80||", "type": "STATIC"}, [("-", 80, "-", "inbound", "STATIC", "")]),
    (tables.cluster_rows, {"name": "x", "metadata": VS}, [("x", "-", "-", "-", "STATIC", "")]),
    (
        tables.listener_rows,
        {
            "address": ADDRESS,
            "filter_chains": [
                chain({"rds": {"route_config_name": "9080"}}, {"destination_port": 5, "server_names": ["a", "b"]}),
                chain({"route_config": routes({"match": {"prefix": "/"}})}, {"transport_protocol": "tls"}),
                chain({"cluster": "c"}, {"prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}),
            ],
            "default_filter_chain": chain({"weighted_clusters": {"clusters": [{"name": "c", "weight": 2}]}}),
        },
        [
            ("10.0.0.1", "80", "SNI: a,b; Port: 5", "Route: 9080"),
            ("10.0.0.1", "80", "Trans: tls", "Inline Route: /*"),
            ("10.0.0.1", "80", "Addr: 10.0.0.0/8", "Cluster: c"),
            ("10.0.0.1", "80", "ALL", "Clusters: c=2"),
        ],
    ),
    (
        tables.listener_rows,
        {"address": {"pipe": {"path": "/run/l"}}, "filter_chains": [chain({})]},
        [("/run/l", "", "ALL", "-")],
    ),
    (
        tables.route_rows,
        routes(
            {"match": {"prefix": "/a", "headers": [{"name": "x"}]}, "route": {"cluster": "c"}, "metadata": VS},
            {"match": {"path": "/b"}, "route": {"weighted_clusters": {"clusters": [{"name": "c", "weight": 9}]}}},
            {"match": {"safe_regex": {"regex": "r"}}, "direct_response": {"status": 418}},
            {"match": {"connect_matcher": {}}, "redirect": {"path_redirect": "/"}},
        ),
        [
            ("9080", "v", "a, b + 2 more", "/a* if x", "r.shop", "c"),
            ("9080", "v", "a, b + 2 more", "/b", "", "c=9"),
            ("9080", "v", "a, b + 2 more", "regex r", "", "direct 418"),
            ("9080", "v", "a, b + 2 more", "*", "", "redirect"),
        ],
    ),
    (
        tables.route_rows,
        {"virtual_hosts": [{"name": "empty", "domains": ["*"]}]},
        [("-", "empty", "*", "-", "-", "404")],
    ),
    (
        tables.endpoint_rows,
        {
            "name": "c",
            "host_statuses": [
                {"address": ADDRESS, "health_status": {"eds_health_status": "HEALTHY"}},
                {"address": ADDRESS, "health_status": {"failed_outlier_check": True, "eds_health_status": "HEALTHY"}},
                {"address": ADDRESS, "health_status": {"failed_active_health_check": True}},
            ],
        },
        [
            ("10.0.0.1:80", "HEALTHY", "OK", "c"),
            ("10.0.0.1:80", "HEALTHY", "FAILED", "c"),
            ("10.0.0.1:80", "UNHEALTHY", "OK", "c"),
        ],
    ),
    (
        tables.assignment_rows,
        {"cluster_name": "c", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": "/s"}}}}]}]},
        [("/s", "HEALTHY", "-", "c")],
    ),
]


@pytest.mark.parametrize(("rows", "resource", "expected"), ROWS)
def test_a_resource_becomes_lines(
    rows: Callable[[Any], Iterator[Sequence[object]]], resource: dict[str, Any], expected: list[Sequence[object]]
) -> None:
    assert list(rows(resource)) == expected


def test_an_origin_of_another_kind_is_none() -> None:
    assert tables.origin({"metadata": VS}, "destination-rule") == ""
    assert tables.origin({}, "virtual-service") == ""


def test_lines_are_sorted_and_routes_of_a_host_keep_their_order() -> None:
    clusters = [{"name": f"outbound|80|{subset}|a"} for subset in ("v2", "v1", "")]
    assert [row[2] for row in tables.CLUSTERS.lines(clusters)] == ["-", "v1", "v2"]
    both = routes({"match": {"path": "/z"}}, {"match": {"path": "/a"}})
    assert [row[3] for row in tables.ROUTES.lines([both])] == ["/z", "/a"]
