"""The dump of what a proxy would be sent."""

from dataclasses import replace

from tests.mesh import CLIENT, HOST, REVIEWS, context_of
from tulle.controlplane.admin.config_dump import render_config_dump
from tulle.protos.messages import ConfigDump
from tulle.protos.reading import parse_message


def test_a_dump_has_envoys_form_and_holds_every_type_that_a_proxy_would_get() -> None:
    found = render_config_dump(replace(CLIENT, ip_addresses=("10.1.0.1",)), context_of(REVIEWS))
    parsed = parse_message(ConfigDump, found)
    assert [item.TypeName().rpartition(".")[2] for item in parsed.configs] == [
        "ClustersConfigDump",
        "EndpointsConfigDump",
        "ListenersConfigDump",
        "RoutesConfigDump",
    ]


def test_the_routes_are_those_that_the_listeners_ask_for() -> None:
    *_, routes = render_config_dump(CLIENT, context_of(REVIEWS))["configs"]  # type: ignore[misc]
    assert [item["route_config"]["name"] for item in routes["dynamic_route_configs"]] == ["9080"]
    (host, _) = routes["dynamic_route_configs"][0]["route_config"]["virtual_hosts"]
    assert host["name"] == f"{HOST}:9080"
