"""Settings of filters on routes."""

from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as AnyProto

from tests.support.route_tables import match, problems_of, request, table
from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.pool import class_of_type_url
from tulle.proxy.router.filter_configs import NO_SETTINGS, FilterSettings, NoFilterConfigs

KNOWN = "type.googleapis.com/google.protobuf.StringValue"
WRAPPER = "type.googleapis.com/envoy.config.route.v3.FilterConfig"


class _TextFilters:
    """Takes any text but `bad` for any filter."""

    def knows(self, type_url: str) -> bool:
        return type_url == KNOWN

    def build(self, filter_name: str, config: AnyProto, path: str) -> object:
        text: str = class_of_type_url(config.type_url).FromString(config.value).value  # type: ignore[attr-defined]
        if text == "bad":
            raise InvalidInput([FieldProblem(f"{path}.value", "is bad")])
        return f"{filter_name}={text}"


def _text(value: str) -> dict[str, Any]:
    return {"@type": KNOWN, "value": value}


def _config(of_table: Any = None, of_host: Any = None, of_route: Any = None, of_entry: Any = None) -> dict[str, Any]:
    entry = {"name": "a", "weight": 1, "typed_per_filter_config": of_entry or {}}
    one = {
        "match": {"prefix": "/"},
        "route": {"weighted_clusters": {"clusters": [entry]}},
        "typed_per_filter_config": of_route or {},
    }
    host = {"name": "v", "domains": ["*"], "routes": [one], "typed_per_filter_config": of_host or {}}
    return {"virtual_hosts": [host], "typed_per_filter_config": of_table or {}}


def test_the_most_specific_settings_of_a_filter_hold() -> None:
    routes = table(
        _config(
            {"f": _text("table"), "g": _text("table"), "h": _text("table"), "i": _text("table")},
            {"g": _text("host"), "h": _text("host"), "i": _text("host")},
            {"h": _text("route"), "i": _text("route")},
            {"i": _text("entry")},
        ),
        _TextFilters(),
    )
    found = match(routes, request())
    assert found is not None
    choice = found.pick_cluster(request(), 0)
    assert choice is not None
    assert found.per_filter == {"f": "f=table", "g": "g=host", "h": "h=route", "i": "i=route"}
    assert choice.per_filter == {"f": "f=table", "g": "g=host", "h": "h=route", "i": "i=entry"}


def test_filters_are_switched_off_and_on_again() -> None:
    off = {"@type": WRAPPER, "disabled": True}
    wrapped = {"@type": WRAPPER, "config": _text("x")}
    routes = table(_config({"f": off, "g": off, "h": _text("y")}, {"f": wrapped}, {"h": off}), _TextFilters())
    found = match(routes, request())
    assert found is not None
    assert found.disabled_filters == {"f": False, "g": True, "h": True}
    assert found.per_filter == {"f": "f=x", "h": "h=y"}


def test_what_no_filter_knows_is_named_unless_it_is_optional() -> None:
    struct = {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {}}
    assert problems_of(_config(of_host={"f": struct}), _TextFilters()) == {
        'virtual_hosts[0].typed_per_filter_config["f"]': f"{struct['@type']} is not known to any filter"
    }
    optional = {"@type": WRAPPER, "config": struct, "is_optional": True}
    assert problems_of(_config(of_route={"f": optional}), _TextFilters()) == {}


def test_problems_of_filters_are_passed_on_with_their_place() -> None:
    entry = "virtual_hosts[0].routes[0].route.weighted_clusters.clusters[0]."
    found = problems_of(
        _config({"f": {"@type": WRAPPER}}, None, {"g": _text("bad")}, {"h": _text("bad")}), _TextFilters()
    )
    assert found == {
        'typed_per_filter_config["f"].config': "is empty for filter f",
        'virtual_hosts[0].routes[0].typed_per_filter_config["g"].value': "is bad",
        entry + 'typed_per_filter_config["h"].value': "is bad",
    }


def test_settings_without_content_leave_the_others_as_they_are() -> None:
    settings = FilterSettings({"f": 1}, {})
    assert NO_SETTINGS.over(settings) is settings


def test_without_filters_nothing_is_known() -> None:
    assert not NoFilterConfigs().knows(KNOWN)
    with pytest.raises(InvalidInput, match="is not supported"):
        NoFilterConfigs().build("f", AnyProto(type_url=KNOWN), "p")


class Sum:
    def __init__(self, value: int) -> None:
        self.value = value

    def over(self, less_specific: object) -> "Sum":
        assert isinstance(less_specific, Sum)
        return Sum(self.value + less_specific.value)


def test_some_settings_go_by_those_of_less_specific_places_too() -> None:
    both = FilterSettings({"f": Sum(1), "g": "own"}, {}).over(FilterSettings({"f": Sum(10), "g": "other"}, {}))
    assert isinstance(both.configs["f"], Sum)
    assert (both.configs["f"].value, both.configs["g"]) == (11, "own")
