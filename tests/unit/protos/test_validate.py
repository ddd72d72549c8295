"""The API's own rules."""

from tulle.protos.messages import Any, Cluster, HeaderValue, HttpConnectionManager, Listener, RouteConfiguration
from tulle.protos.reading import parse_message
from tulle.protos.validate import validate


def broken(message: type, value: object) -> dict[str, str]:
    return {problem.path: problem.message for problem in validate(parse_message(message, value))}


def test_a_valid_cluster_has_no_problems() -> None:
    assert broken(Cluster, {"name": "a", "connect_timeout": "1s", "type": "STATIC"}) == {}


def test_lengths_durations_and_bounds_are_checked_with_the_path_of_the_field() -> None:
    value = {"name": "", "connect_timeout": "0s", "load_assignment": {"endpoints": [{"priority": 129}]}}
    assert broken(Cluster, value) == {
        "name": "must have at least 1 character(s)",
        "connect_timeout": "must be greater than 0s",
        "load_assignment.cluster_name": "must have at least 1 character(s)",
        "load_assignment.endpoints[0].priority": "must be at most 128",
    }


def test_a_required_message_and_a_required_oneof_that_are_absent_are_named() -> None:
    assert "address.socket_address.port_specifier" not in broken(Listener, {})
    found = broken(RouteConfiguration, {"virtual_hosts": [{"name": "a", "domains": ["*"], "routes": [{}]}]})
    assert found["virtual_hosts[0].routes[0].match"] == "must be set"
    assert found["virtual_hosts[0].routes[0]"] == "one of the fields of action must be set"


def test_a_list_that_is_too_short_is_named() -> None:
    found = broken(RouteConfiguration, {"virtual_hosts": [{"name": "a"}]})
    assert found == {"virtual_hosts[0].domains": "must have at least 1 item(s)"}


def test_header_names_and_values_must_be_able_to_stand_on_a_line() -> None:
    assert set(broken(HeaderValue, {"key": "a b\n", "value": "x\ny"})) == {"key", "value"}


def test_an_enum_value_outside_of_its_list_is_named() -> None:
    cluster = Cluster(name="a", lb_policy=99)  # type: ignore[arg-type]
    assert [problem.path for problem in validate(cluster)] == ["lb_policy"]


def test_rules_hold_inside_an_any() -> None:
    holder = Any()
    holder.Pack(HttpConnectionManager())
    paths = {problem.path for problem in validate(holder, "typed_config")}
    assert "typed_config.stat_prefix" in paths


def test_an_any_that_cannot_be_read_is_a_problem_not_a_crash() -> None:
    holder = Any(type_url="type.googleapis.com/envoy.config.cluster.v3.Cluster", value=b"\xff")
    assert "cannot be read" in validate(holder)[0].message
