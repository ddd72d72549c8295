"""YAML values to messages."""

import pytest

from tulle.foundation.errors import InvalidInput, Place
from tulle.protos.messages import Any, Bootstrap, Cluster, Listener, Router
from tulle.protos.reading import parse_message, path_text, to_dict


class OneFile:
    """Says that the third key of a path stands in line 3, and so on."""

    def place_of(self, path: tuple[str | int, ...]) -> Place:
        return Place("envoy.yaml", len(path), 1)


def problems_of(message: type, value: object) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse_message(message, value)
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_are_reported_at_once_with_path_and_suggestion() -> None:
    value = {
        "nam": "a",
        "connect_timeout": "5 seconds",
        "lb_policy": "ROUNDROBIN",
        "per_connection_buffer_limit_bytes": -1,
        "load_assignment": {"endpoints": [{"lb_endpoints": {}}]},
    }
    first, *rest = problems_of(Cluster, value)
    assert first == "nam: unknown field in envoy.config.cluster.v3.Cluster; did you mean name?"
    assert [line.split(":")[0] for line in rest] == [
        "connect_timeout",
        "lb_policy",
        "per_connection_buffer_limit_bytes",
        "load_assignment.endpoints[0].lb_endpoints",
    ]


def test_a_problem_carries_its_place_in_the_file() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_message(Listener, {"address": {"socket_address": {"prot": 1}}}, OneFile())
    assert str(caught.value.problems[0]).startswith("envoy.yaml:3:1: address.socket_address.prot: ")


def test_camel_case_and_snake_case_names_are_both_read() -> None:
    left = parse_message(Cluster, {"connectTimeout": "1s"})
    assert left == parse_message(Cluster, {"connect_timeout": "1s"})


def test_an_any_is_opened_by_its_type() -> None:
    value = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router", "start_child_span": True}
    router = Router()
    assert parse_message(Any, value).Unpack(router)
    assert router.start_child_span


def test_an_any_with_an_unknown_type_or_none_is_a_problem() -> None:
    assert problems_of(Any, {"@type": "type.googleapis.com/no.Such"}) == [
        "@type: unknown type type.googleapis.com/no.Such"
    ]
    assert "wants" in problems_of(Any, {"a": 1})[0]


def test_two_members_of_a_oneof_are_a_problem() -> None:
    lines = problems_of(Listener, {"address": {"pipe": {"path": "/a"}, "socket_address": {"address": "::"}}})
    assert lines == ["address.socket_address: cannot stand beside pipe: only one of address may be set"]


@pytest.mark.parametrize("value", [1.5, "x", True, 2**32, [1]])
def test_what_is_no_32_bit_number_is_a_problem(value: object) -> None:
    assert len(problems_of(Listener, {"address": {"socket_address": {"port_value": value}}})) == 1


def test_a_message_is_printed_with_the_names_of_the_proto_files() -> None:
    assert to_dict(Cluster(name="a", lb_policy="RANDOM")) == {"name": "a", "lb_policy": "RANDOM"}


def test_a_path_reads_as_in_an_error_of_envoy() -> None:
    assert path_text(("static_resources", "clusters", 0, "name")) == "static_resources.clusters[0].name"


def test_a_duration_may_be_given_in_seconds_and_nanos_as_envoy_takes_it() -> None:
    clusters = [{"connect_timeout": {"seconds": 3, "nanos": 500_000_000}}, {"connect_timeout": {"nanos": 1}}]
    resources = parse_message(Bootstrap, {"static_resources": {"clusters": clusters}}).static_resources
    assert [cluster.connect_timeout.ToNanoseconds() for cluster in resources.clusters] == [3_500_000_000, 1]
    with pytest.raises(InvalidInput, match="connect_timeout"):
        parse_message(Cluster, {"connect_timeout": {"seconds": 1, "nanos": -1}})
