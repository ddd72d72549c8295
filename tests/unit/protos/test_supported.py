"""What is not supported is named."""

from tulle.protos.messages import Any, Cluster, HttpConnectionManager, Router
from tulle.protos.reading import parse_message
from tulle.protos.supported import find_unsupported

CLUSTER = "envoy.config.cluster.v3.Cluster"


def paths(message: object, table: dict[str, frozenset[str]]) -> list[str]:
    return [problem.path for problem in find_unsupported(message, table)]  # type: ignore[arg-type]


def test_a_set_field_outside_of_the_table_is_named_by_its_path() -> None:
    cluster = parse_message(Cluster, {"name": "a", "dns_jitter": "1s", "load_assignment": {"policy": {}}})
    table = {
        CLUSTER: frozenset({"name", "load_assignment"}),
        "envoy.config.endpoint.v3.ClusterLoadAssignment": frozenset(),
    }
    assert paths(cluster, table) == ["load_assignment.policy", "dns_jitter"]


def test_a_supported_field_of_an_unsupported_type_is_named() -> None:
    cluster = parse_message(Cluster, {"load_assignment": {"cluster_name": "a"}})
    assert paths(cluster, {CLUSTER: frozenset({"load_assignment"})}) == ["load_assignment"]


def test_well_known_values_are_always_fine() -> None:
    cluster = parse_message(Cluster, {"connect_timeout": "1s", "per_connection_buffer_limit_bytes": 3})
    assert paths(cluster, {CLUSTER: frozenset({"connect_timeout", "per_connection_buffer_limit_bytes"})}) == []


def test_an_any_is_judged_by_what_it_holds() -> None:
    holder = Any()
    holder.Pack(Router(start_child_span=True))
    router = "envoy.extensions.filters.http.router.v3.Router"
    assert paths(holder, {router: frozenset()}) == ["start_child_span"]
    assert paths(holder, {router: frozenset({"start_child_span"})}) == []
    assert paths(holder, {}) == [""]


def test_lists_and_maps_are_entered() -> None:
    value = {"load_assignment": {"endpoints": [{"priority": 1}], "named_endpoints": {"x": {"hostname": "h"}}}}
    table = {
        CLUSTER: frozenset({"load_assignment"}),
        "envoy.config.endpoint.v3.ClusterLoadAssignment": frozenset({"endpoints", "named_endpoints"}),
        "envoy.config.endpoint.v3.LocalityLbEndpoints": frozenset(),
        "envoy.config.endpoint.v3.Endpoint": frozenset(),
    }
    assert paths(parse_message(Cluster, value), table) == [
        "load_assignment.endpoints[0].priority",
        'load_assignment.named_endpoints["x"].hostname',
    ]


def test_an_optional_extension_that_is_not_supported_may_be_left_out() -> None:
    hcm = "envoy.extensions.filters.network.http_connection_manager.v3."
    table = {
        f"{hcm}HttpConnectionManager": frozenset({"http_filters"}),
        f"{hcm}HttpFilter": frozenset({"name", "typed_config", "is_optional"}),
    }
    router = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}
    for optional, found in ((True, []), (False, ["http_filters[0].typed_config"])):
        listed = [{"name": "r", "is_optional": optional, "typed_config": router}]
        message = parse_message(HttpConnectionManager, {"http_filters": listed})
        assert [problem.path for problem in find_unsupported(message, table)] == found
