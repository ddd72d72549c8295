"""What resources name."""

from tulle.protos.messages import Cluster, Listener
from tulle.protos.reading import parse_message
from tulle.proxy.upstream.endpoints_name import comes_by_dns
from tulle.proxy.xds.references import (
    cluster_fetch_timeout_s,
    endpoints_named_by,
    listener_fetch_timeout_s,
    routes_named_by,
)

_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def _chain(route_name: str, timeout: str | None = None) -> dict[str, object]:
    source: dict[str, object] = {"ads": {}}
    if timeout:
        source["initial_fetch_timeout"] = timeout
    rds = {"route_config_name": route_name, "config_source": source}
    return {"filters": [{"name": "hcm", "typed_config": {"@type": _HCM, "stat_prefix": "p", "rds": rds}}]}


def test_an_eds_cluster_names_its_service_or_itself() -> None:
    config: dict[str, object] = {"name": "c", "type": "EDS", "eds_cluster_config": {"service_name": "s"}}
    assert endpoints_named_by(parse_message(Cluster, config)) == {"s"}
    assert endpoints_named_by(parse_message(Cluster, {"name": "c", "type": "EDS"})) == {"c"}
    assert endpoints_named_by(parse_message(Cluster, {"name": "c", "type": "STATIC"})) == frozenset()


def test_a_cluster_whose_hosts_are_names_waits_for_the_resolver_as_long_as_it_takes() -> None:
    cluster = parse_message(Cluster, {"name": "c", "type": "STRICT_DNS"})
    (name,) = endpoints_named_by(cluster)
    assert comes_by_dns(name)
    assert cluster_fetch_timeout_s(cluster) == 0.0


def test_a_listener_names_the_routes_of_all_its_chains() -> None:
    listener = parse_message(
        Listener, {"filter_chains": [_chain("a"), _chain("b"), _chain("a")], "default_filter_chain": _chain("c")}
    )
    assert routes_named_by(listener) == {"a", "b", "c"}


def test_the_longest_fetch_timeout_counts_and_zero_is_for_ever() -> None:
    assert listener_fetch_timeout_s(parse_message(Listener, {"filter_chains": [_chain("a")]})) == 15.0
    two = {"filter_chains": [_chain("a", "1s"), _chain("b", "2.5s")]}
    assert listener_fetch_timeout_s(parse_message(Listener, two)) == 2.5
    endless = {"filter_chains": [_chain("a", "0s"), _chain("b", "2s")]}
    assert listener_fetch_timeout_s(parse_message(Listener, endless)) == 0.0
    eds = {"eds_cluster_config": {"eds_config": {"ads": {}, "initial_fetch_timeout": "0.2s"}}}
    assert cluster_fetch_timeout_s(parse_message(Cluster, eds)) == 0.2
