"""What /config_dump shows."""

from typing import Any

from tulle.protos.messages import Bootstrap, Cluster, Listener, Node
from tulle.protos.pool import class_of_type_url
from tulle.protos.reading import parse_message, to_dict
from tulle.protos.type_urls import CLUSTER
from tulle.proxy.server.config_dump import dump_config
from tulle.proxy.xds.inventory import Inventory, Rejected
from tulle.proxy.xds.warming import Supply

_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def _inventory() -> Inventory:
    inventory = Inventory(lambda *what: None, wall_clock=lambda: 1_700_000_000.5)
    inventory.put_cluster(Cluster(name="static", type=Cluster.STATIC), static=True)
    inventory.put_cluster(Cluster(name="dynamic", type=Cluster.STATIC), "v1")
    inventory.put_cluster(Cluster(name="eds", type=Cluster.EDS), "v1")
    manager = {"@type": _HCM, "stat_prefix": "p", "route_config": {"name": "inline"}}
    chains = [{"filters": [{"name": "hcm", "typed_config": manager}]}]
    inventory.put_listener(parse_message(Listener, {"name": "l", "filter_chains": chains}), static=True)
    manager = {"@type": _HCM, "stat_prefix": "p", "rds": {"route_config_name": "r"}}
    chains = [{"filters": [{"name": "hcm", "typed_config": manager}]}]
    inventory.put_listener(parse_message(Listener, {"name": "d", "filter_chains": chains}), "v2")
    return inventory


def _parts(inventory: Inventory, include_endpoints: bool = False) -> dict[str, Any]:
    bootstrap = Bootstrap(node=Node(id="n")).SerializeToString()
    parts = {}
    for holder in dump_config(inventory, bootstrap, 1_700_000_000.0, include_endpoints).configs:
        message = class_of_type_url(holder.type_url).FromString(holder.value)
        parts[holder.type_url.rpartition(".")[2]] = to_dict(message)
    return parts


def test_parts_come_in_envoys_order() -> None:
    assert list(_parts(_inventory())) == [
        "BootstrapConfigDump",
        "ClustersConfigDump",
        "ListenersConfigDump",
        "ScopedRoutesConfigDump",
        "RoutesConfigDump",
        "SecretsConfigDump",
    ]


def test_clusters_are_static_active_or_warming() -> None:
    part = _parts(_inventory())["ClustersConfigDump"]
    assert [entry["cluster"]["name"] for entry in part["static_clusters"]] == ["static"]
    assert [entry["cluster"]["name"] for entry in part["dynamic_active_clusters"]] == ["dynamic"]
    assert [entry["cluster"]["name"] for entry in part["dynamic_warming_clusters"]] == ["eds"]
    assert part["dynamic_active_clusters"][0]["version_info"] == "v1"
    assert part["static_clusters"][0]["last_updated"] == "2023-11-14T22:13:20.500Z"


def test_a_warming_listener_becomes_active_with_its_routes() -> None:
    inventory = _inventory()
    assert "warming_state" in _parts(inventory)["ListenersConfigDump"]["dynamic_listeners"][0]
    inventory.listeners.supply("r", Supply(b"\x0a\x01r", "v3", 1.0))
    parts = _parts(inventory)
    assert parts["ListenersConfigDump"]["dynamic_listeners"][0]["active_state"]["version_info"] == "v2"
    routes = parts["RoutesConfigDump"]
    assert routes["static_route_configs"][0]["route_config"]["name"] == "inline"
    assert routes["dynamic_route_configs"][0]["version_info"] == "v3"


def test_an_update_that_was_refused_stands_beside_what_is_in_force() -> None:
    inventory = _inventory()
    data = Cluster(name="dynamic").SerializeToString()
    inventory.discovery[CLUSTER].rejected["dynamic"] = Rejected(data, "v9", "is bad", 2.0)
    (entry,) = _parts(inventory)["ClustersConfigDump"]["dynamic_active_clusters"]
    assert entry["error_state"]["details"] == "is bad"
    assert entry["error_state"]["failed_configuration"]["name"] == "dynamic"


def test_endpoints_come_when_asked_for() -> None:
    inventory = _inventory()
    assert "EndpointsConfigDump" not in _parts(inventory)
    inventory.clusters.supply("eds", Supply(b"\x0a\x03eds", "v4", 1.0))
    (entry,) = _parts(inventory, include_endpoints=True)["EndpointsConfigDump"]["dynamic_endpoint_configs"]
    assert entry["endpoint_config"]["cluster_name"] == "eds"
