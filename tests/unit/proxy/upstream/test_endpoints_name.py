"""Under which name endpoints come."""

import pytest

from tests.unit.proxy.upstream.worlds import cluster, endpoint, group
from tulle.proxy.upstream.endpoints_name import comes_by_dns, endpoints_name_of, uses_dns


def test_endpoints_come_under_the_service_name_or_that_of_the_cluster() -> None:
    assert endpoints_name_of(cluster(type="EDS")) == "c"
    assert endpoints_name_of(cluster(type="EDS", eds_cluster_config={"service_name": "s"})) == "s"


@pytest.mark.parametrize("kind", ["STATIC", "ORIGINAL_DST"])
def test_hosts_that_are_known_or_made_come_under_no_name(kind: str) -> None:
    assert endpoints_name_of(cluster(type=kind)) == ""
    assert not uses_dns(cluster(type=kind))


def test_no_endpoints_come_for_a_kind_of_cluster_that_has_its_own_name() -> None:
    assert endpoints_name_of(cluster(cluster_type={"name": "envoy.clusters.redis"})) == ""


def test_what_is_resolved_has_a_name_that_changes_with_what_is_to_be_resolved() -> None:
    def name(port: int, **more: object) -> str:
        return endpoints_name_of(cluster(group(endpoint(port, "example.com")), type="STRICT_DNS", **more))

    assert comes_by_dns(name(1))
    assert name(1) == name(1, dns_refresh_rate="9s")
    assert len({name(1), name(2), name(1, dns_lookup_family="V4_ONLY"), name(1, name="d")}) == 4
    assert not comes_by_dns("dns/c")
