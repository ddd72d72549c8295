"""What a route tells of a request."""

from tests.support.route_tables import info_of, match, request, route, table_of

CLUSTERS = [
    {"name": "put", "headers": [{"name": ":method", "string_match": {"exact": "PUT"}}, {"name": "x"}]},
    {"name": "users", "headers": [{"name": ":path", "string_match": {"prefix": "/users"}}]},
]


def test_the_first_virtual_cluster_that_fits_gives_its_name() -> None:
    found = match(table_of(route(), virtual_clusters=CLUSTERS), request())
    assert found is not None
    assert found.virtual_cluster(request("/users/1", method="PUT", fields=[("x", "")])) == "put"
    assert found.virtual_cluster(request("/users/1", method="PUT")) == "users"
    assert found.virtual_cluster(request("/other")) is None


def test_a_virtual_host_may_have_no_virtual_clusters() -> None:
    found = match(table_of(route()), request())
    assert found is not None
    assert found.virtual_cluster(request()) is None
    assert found.virtual_host.virtual_clusters is None


def test_a_route_to_a_cluster_redirects_nowhere() -> None:
    headers = request()
    found = match(table_of(route()), headers)
    assert found is not None
    assert found.redirect(headers, info_of(headers)) is None
    assert found.pick_cluster(headers, 0) is found.cluster
