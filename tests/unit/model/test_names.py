"""Names of resources."""

import pytest

from tulle.model import names


def test_a_cluster_name_is_read_back_into_its_parts() -> None:
    name = names.outbound_cluster("reviews.default.svc.cluster.local", 9080, "v1")
    assert name == "outbound|9080|v1|reviews.default.svc.cluster.local"
    assert str(names.parse_cluster_name(name)) == name


@pytest.mark.parametrize("name", [names.BLACK_HOLE_CLUSTER, "outbound|x||host", "a|1|b"])
def test_names_outside_of_the_notation_are_none(name: str) -> None:
    assert names.parse_cluster_name(name) is None


def test_inbound_clusters_have_no_host() -> None:
    assert names.inbound_cluster(8080) == "inbound|8080||"


def test_listeners_and_gateway_routes_carry_their_port() -> None:
    assert names.outbound_listener("0.0.0.0", 80) == "0.0.0.0_80"
    assert names.gateway_routes(8080) == "http.8080"
    assert names.gateway_tls_routes(443, "https", "gw", "ns") == "https.443.https.gw.ns"
