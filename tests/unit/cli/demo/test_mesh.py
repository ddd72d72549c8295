"""What the demo consists of."""

import asyncio
import json
import tempfile
from pathlib import Path

import pytest

from tests.support.json_server import json_server
from tulle.api.loading import load_text
from tulle.cli.demo.mesh import DemoMesh, base_resources, plan_workloads, services_plan
from tulle.cli.mesh.local_mesh import LocalMesh
from tulle.cli.mesh.session import Session
from tulle.cli.output import show_log


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DemoMesh:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    session = Session("demo", show_log)
    session.mesh = LocalMesh(session.folder, asyncio.TaskGroup(), show_log)
    found = DemoMesh(session, "envoy")
    found.rules.mkdir()
    return found


def test_there_are_seven_workloads_each_with_an_address_of_its_own() -> None:
    workloads = plan_workloads()
    assert len({workload.address for workload in workloads}) == 7
    assert len(services_plan(workloads).instances) == 7


def test_all_resources_of_the_demo_are_good_and_every_field_of_them_is_honoured() -> None:
    text = "\n---\n".join(json.dumps(item) for item in base_resources(8080))
    assert load_text(text, "demo.yaml").problems == ()


def test_the_rules_of_a_lesson_take_the_place_of_those_of_the_one_before(demo: DemoMesh) -> None:
    demo.write_rules({"reviews.yaml": "a", "ratings.yaml": "b"})
    at = demo.write_rules({"reviews.yaml": "c"})
    assert [(path.name, path.read_text()) for path in demo.rules.iterdir()] == [("reviews.yaml", "c")]
    assert at <= (demo.rules / "reviews.yaml").stat().st_mtime + 0.1


def test_rules_that_somebody_edited_are_told_from_those_of_the_lesson(demo: DemoMesh) -> None:
    files = {"reviews.yaml": "a"}
    demo.write_rules(files)
    assert demo.edited_at(files) is None
    (demo.rules / "more.yaml").write_text("b")
    assert demo.edited_at(files) == (demo.rules / "more.yaml").stat().st_mtime
    (demo.rules / "more.yaml").unlink()
    (demo.rules / "reviews.yaml").unlink()
    assert demo.edited_at(files) is not None


def test_measuring_counts_versions_and_the_statuses_that_came_instead(demo: DemoMesh) -> None:
    good = {"parts": {"reviews": {"version": "v1", "status": 200}}}
    with json_server() as server:
        server.pages["/?as=json&product=0"] = good
        demo.gateway_port = int(server.url.rpartition(":")[2])
        assert asyncio.run(demo.measure(5, "guest")) == {"v1": 5}
        server.pages.clear()
        assert asyncio.run(demo.measure(2, "jason")) == {"status 404": 2}
