"""Clusters of routes."""

from typing import Any

from tests.support.route_tables import cluster_of, match, request, route, route_problems, table_of


def _weighted(*clusters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": list(clusters), **more}}}


def test_each_way_to_name_a_cluster() -> None:
    assert cluster_of(table_of(route(cluster="one")), request()) == "one"
    by_header = table_of({"match": {"prefix": "/"}, "route": {"cluster_header": "X-C"}})
    assert cluster_of(by_header, request(fields=[("x-c", "two")])) == "two"
    assert cluster_of(by_header, request()) is None
    by_host = table_of({"match": {"prefix": "/"}, "route": {"cluster_header": ":authority"}})
    assert cluster_of(by_host, request(host="three")) == "three"


def test_the_sum_of_the_weights_counts_whatever_total_weight_says() -> None:
    routes = table_of(_weighted({"name": "a", "weight": 1}, {"name": "b", "weight": 3}, total_weight=100))
    assert [cluster_of(routes, request(), value) for value in range(5)] == ["a", "b", "b", "b", "a"]


def test_an_entry_may_take_its_name_from_a_header() -> None:
    routes = table_of(_weighted({"cluster_header": "x-c", "weight": 1}, {"name": "b", "weight": 1}))
    assert cluster_of(routes, request(fields=[("x-c", "a")]), 0) == "a"
    assert cluster_of(routes, request(), 0) is None
    assert cluster_of(routes, request(), 1) == "b"


def test_entries_share_the_routes_metadata_match_and_add_to_it() -> None:
    def lb(**fields: Any) -> dict[str, Any]:
        return {"metadata_match": {"filter_metadata": {"envoy.lb": fields, "other": {"x": 1}}}}

    config = _weighted({"name": "a", "weight": 1, **lb(v="2", w="3")}, {"name": "b", "weight": 1})
    config["route"].update(lb(v="1", u="0"))
    found = match(table_of(config), request())
    assert found is not None
    assert found.metadata_match == {"v": "1", "u": "0"}
    choices = [found.pick_cluster(request(), value) for value in (0, 1)]
    assert [choice and choice.metadata_match for choice in choices] == [
        {"v": "2", "w": "3", "u": "0"},
        {"v": "1", "u": "0"},
    ]


def test_clusters_are_listed_with_the_first_field_that_names_them() -> None:
    routes = table_of(route(cluster="a"), _weighted({"name": "a", "weight": 1}, {"name": "b", "weight": 1}))
    assert routes.cluster_places == {
        "a": "virtual_hosts[0].routes[0].route.cluster",
        "b": "virtual_hosts[0].routes[1].route.weighted_clusters.clusters[1].name",
    }


def test_weights_that_make_no_sense_are_named() -> None:
    at = "virtual_hosts[0].routes[0].route.weighted_clusters"
    assert set(route_problems(_weighted({"name": "a", "weight": 0}))) == {at}
    assert set(route_problems(_weighted({"name": "a"}, {"name": "b", "weight": 1}))) == {at + ".clusters[0].weight"}
    assert set(route_problems(_weighted({"name": "a", "cluster_header": "x", "weight": 1}))) == {at + ".clusters[0]"}
    assert set(route_problems(_weighted({"weight": 1}))) == {at + ".clusters[0]"}
    most = (1 << 32) - 1
    assert route_problems(_weighted({"name": "a", "weight": most - 1}, {"name": "b", "weight": 1})) == {}
    assert set(route_problems(_weighted({"name": "a", "weight": most}, {"name": "b", "weight": 1}))) == {at}


def test_other_ways_to_name_clusters_are_not_supported() -> None:
    plugin = {"match": {"prefix": "/"}, "route": {"cluster_specifier_plugin": "x"}}
    assert set(route_problems(plugin)) == {"virtual_hosts[0].routes[0].route.cluster_specifier_plugin"}
    assert set(route_problems({"match": {"prefix": "/"}, "route": {}})) == {"virtual_hosts[0].routes[0].route"}
