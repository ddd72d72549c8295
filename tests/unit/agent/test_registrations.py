"""Registrations as files."""

from pathlib import Path

from tulle.agent.registrations import (
    register,
    register_at_free_address,
    registration_path,
    unregister,
    write_resources,
)
from tulle.agent.workload import Workload
from tulle.api.loading import load_text


def build(address: str) -> Workload:
    return Workload("reviews", address, 9080, 40001)


def test_resources_are_written_at_once_and_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    write_resources(path, [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {}}])
    assert [item.key for item in load_text(path.read_text(), "a").resources] == ["Service/default/a"]
    assert [item.name for item in tmp_path.iterdir()] == ["a.yaml"]


def test_nobody_is_sent_to_a_workload_before_it_serves_and_after_it_has_left(tmp_path: Path) -> None:
    workload = build("127.9.0.3")
    path = registration_path(tmp_path, workload)
    register(tmp_path, workload, serving=False)
    assert "WorkloadEntry" not in path.read_text()
    assert "kind: Sidecar" in path.read_text()
    register(tmp_path, workload)
    assert load_text(path.read_text(), "a").problems == ()
    assert "WorkloadEntry" in path.read_text()
    unregister(tmp_path, workload)
    assert not path.exists()


def test_two_workloads_never_get_the_same_address(tmp_path: Path) -> None:
    first = register_at_free_address(tmp_path, [15006], build)
    second = register_at_free_address(tmp_path, [15006], build)
    assert first.address != second.address
