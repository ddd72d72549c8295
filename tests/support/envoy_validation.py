"""What the real Envoy says to resources that the control plane makes."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tulle.agent.bootstrap import ProxySettings, render_bootstrap
from tulle.agent.engines import envoy_binary
from tulle.controlplane.admin.config_dump import render_config_dump
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node

TYPE = "@type"


def static_bootstrap(node: Node, context: PushContext) -> dict[str, Any]:
    """A bootstrap that holds all resources of a node; routes stand in the listeners, endpoints in the clusters."""
    dump = render_config_dump(node, context)["configs"]
    clusters, endpoints, listeners, routes = dump  # type: ignore[misc]
    by_name = {item["route_config"]["name"]: _plain(item["route_config"]) for item in routes["dynamic_route_configs"]}
    loads = {
        item["endpoint_config"]["cluster_name"]: _plain(item["endpoint_config"])
        for item in endpoints["dynamic_endpoint_configs"]
    }
    bootstrap: dict[str, Any] = dict(render_bootstrap(ProxySettings(node.kind, "x", node.address, ("127.0.0.1", 1))))
    del bootstrap["dynamic_resources"]["cds_config"], bootstrap["dynamic_resources"]["lds_config"]
    static = bootstrap["static_resources"]
    static["clusters"] += [_with_endpoints(item["cluster"], loads) for item in clusters["dynamic_active_clusters"]]
    states = [item["active_state"]["listener"] for item in listeners["dynamic_listeners"]]
    static["listeners"] = [_with_routes(item, by_name) for item in states]
    return bootstrap


def _plain(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key != TYPE}


def _with_endpoints(cluster: Mapping[str, Any], loads: Mapping[str, Any]) -> dict[str, Any]:
    found = _plain(cluster)
    if found.get("type") == "EDS":
        del found["eds_cluster_config"]
        return {**found, "type": "STATIC", "load_assignment": loads[found["name"]]}
    return found


def _with_routes(listener: Mapping[str, Any], by_name: Mapping[str, Any]) -> dict[str, Any]:
    found = _plain(listener)
    for chain in found["filter_chains"]:
        for item in chain["filters"]:
            rds = item["typed_config"].pop("rds", None)
            if rds is not None:
                item["typed_config"]["route_config"] = by_name[rds["route_config_name"]]
    return found


def complaints(folder: Path, bootstrap: Mapping[str, Any]) -> str:
    """What `envoy --mode validate` has against a bootstrap; empty when it takes it."""
    file = folder / "bootstrap.json"
    file.write_text(json.dumps(bootstrap))
    command = [envoy_binary(), "--mode", "validate", "-c", str(file), "--disable-hot-restart", "--log-level", "error"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 and "OK" in done.stdout + done.stderr else done.stdout + done.stderr
