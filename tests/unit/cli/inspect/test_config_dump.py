"""Reading a dump."""

import pytest

from tulle.cli.inspect.config_dump import objects, pick, read_dump, text
from tulle.foundation.errors import InvalidInput

DUMP = {
    "configs": [
        {
            "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
            "static_clusters": [{"cluster": {"name": "static"}}],
            "dynamic_active_clusters": [{"cluster": {"name": "active"}}],
            "dynamic_warming_clusters": [{"cluster": {"name": "warming"}}],
        },
        {
            "dynamic_listeners": [
                {"name": "a", "active_state": {"listener": {"name": "a"}}},
                {"name": "b", "error_state": {"details": "no"}},
            ]
        },
        {"static_route_configs": [{"route_config": {"name": "inline"}}]},
        {"dynamic_endpoint_configs": [{"endpoint_config": {"cluster_name": "active"}}]},
        "junk",
    ]
}


def test_every_resource_is_found_whatever_state_it_is_in() -> None:
    dump = read_dump(DUMP, "here")
    assert [item["name"] for item in dump.clusters] == ["static", "active", "warming"]
    assert [item["name"] for item in dump.listeners] == ["a"]
    assert [item["name"] for item in dump.routes] == ["inline"]
    assert [item["cluster_name"] for item in dump.endpoints] == ["active"]


@pytest.mark.parametrize("value", [{}, [], {"configs": {}}, None])
def test_what_is_no_dump_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"x\.json is not a configuration dump"):
        read_dump(value, "x.json")


def test_what_is_not_there_is_empty() -> None:
    value = {"a": {"b": [1, {"c": 2}]}}
    assert (pick(value, "a", "x", "y"), text(value, "x")) == (None, "")
    assert objects(pick(value, "a"), "b") == [{"c": 2}]
    assert objects(value, "a") == []
