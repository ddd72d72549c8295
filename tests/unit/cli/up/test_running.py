"""A running `tulle up`, as far as it needs no proxies; the whole is tests/integration/test_up.py."""

import os
from pathlib import Path

import pytest
import yaml

from tulle.cli.up.mesh_file import Gateway, GatewayRoute, MeshFile, Service
from tulle.cli.up.running import Upping, plan_with_free_places, render_resources

MESH = MeshFile(
    services={"a": Service(run="a"), "b": Service(run="b")},
    gateway=Gateway(routes=(GatewayRoute(to="a"),)),
    config=("./istio/*.yaml",),
)


def test_every_application_gets_an_address_and_a_port_of_its_own() -> None:
    first, second = (item.workload for item in plan_with_free_places(MESH))
    assert first.address != second.address
    assert first.app_port != second.app_port


def test_a_dry_run_shows_every_resource() -> None:
    kinds = [item["kind"] for item in yaml.safe_load_all(render_resources(MESH, plan_with_free_places(MESH)))]
    assert kinds == [*["Service", "WorkloadEntry", "Sidecar"] * 2, "Gateway", "VirtualService"]


def test_paths_are_short_when_they_lie_below_and_patterns_are_watched_at_their_fixed_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "istio").mkdir()
    (tmp_path / "istio" / "a.yaml").touch()
    upping = Upping(MESH, tmp_path, "envoy", [])
    assert upping.paths() == [os.path.join("istio", "a.yaml")]
    assert upping.watched() == {str(tmp_path / "istio")}
