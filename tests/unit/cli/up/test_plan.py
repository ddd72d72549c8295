"""From `tulle.yaml` to workloads and resources."""

import json
from itertools import count

from tulle.agent.workload import INBOUND_PORT
from tulle.api.loading import load_text
from tulle.cli.up.mesh_file import Gateway, GatewayRoute, MeshFile, Service, Version
from tulle.cli.up.plan import (
    FIRST_UPSTREAM_PORT,
    Place,
    PlannedApplication,
    count_processes,
    external_resources,
    gateway_rules,
    plan_applications,
    sidecar_ports,
)

MESH = MeshFile(
    services={
        "web": Service(run="web", port=8000, env={"A": "1", "B": "1"}, upstreams=("api", "db")),
        "api": Service(run="api", versions={"v1": Version(), "v2": Version(run="new", env={"B": "2"}, replicas=2)}),
        "db": Service(external="db.example:5432", protocol="tcp"),
    },
    gateway=Gateway(
        http=8080,
        routes=(GatewayRoute(to="web"), GatewayRoute(to="api", prefix="/api"), GatewayRoute(to="web", host="a.b")),
    ),
)


def plan() -> list[PlannedApplication]:
    return plan_applications(MESH, (Place(f"127.9.0.{number}", 40000) for number in count(1)))


def test_every_replica_of_every_version_is_planned_with_its_own_command_and_environment() -> None:
    found = plan()
    assert [item.name for item in found] == ["web", "api-v1", "api-v2-1", "api-v2-2"]
    assert count_processes(MESH) == 4
    assert [item.command for item in found] == ["web", "api", "new", "new"]
    assert len({item.workload.address for item in found}) == 4
    assert found[2].environment["B"] == "2"
    assert found[0].environment["API_URL"] == f"http://127.9.0.1:{FIRST_UPSTREAM_PORT}"
    assert found[0].environment["DB_ADDRESS"] == f"127.9.0.1:{FIRST_UPSTREAM_PORT + 1}"


def test_who_names_no_upstreams_can_reach_all_other_services() -> None:
    assert [upstream.service for upstream in plan()[1].workload.upstreams] == ["web", "db"]


def test_a_sidecar_needs_its_own_ports_and_one_for_each_upstream() -> None:
    assert set(sidecar_ports(MESH)) >= {INBOUND_PORT, FIRST_UPSTREAM_PORT, FIRST_UPSTREAM_PORT + 1}


def test_what_is_outside_is_a_service_entry_by_name_or_address() -> None:
    (entry,) = external_resources(MESH)
    assert entry["spec"]["resolution"] == "DNS"  # type: ignore[index]
    assert entry["spec"]["ports"][0]["targetPort"] == 5432  # type: ignore[index]
    other = MeshFile(services={"db": Service(external="10.0.0.1:1")})
    assert external_resources(other)[0]["spec"]["resolution"] == "STATIC"  # type: ignore[index]


def test_of_the_routes_of_a_host_the_longest_prefix_comes_first_and_all_are_honoured() -> None:
    gateway, everybody, one = gateway_rules(MESH)
    assert gateway["spec"]["servers"][0]["hosts"] == ["*", "a.b"]  # type: ignore[index]
    prefixes = [item["match"][0]["uri"]["prefix"] for item in everybody["spec"]["http"]]  # type: ignore[index]
    assert prefixes == ["/api", "/"]
    assert one["spec"]["hosts"] == ["a.b"]  # type: ignore[index]
    text = "\n---\n".join(json.dumps(item) for item in [gateway, everybody, one, *external_resources(MESH)])
    assert load_text(text, "mesh.yaml").problems == ()
    assert gateway_rules(MeshFile(services={})) == []
