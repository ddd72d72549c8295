"""`tulle up`."""

import os
from pathlib import Path

import pytest
import yaml

from tests.support.json_server import json_server
from tulle.agent.state import MeshState, write_state
from tulle.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["up", *arguments])
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, captured.err


def test_a_broken_file_exits_with_65_and_shows_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tulle.yaml").write_text("services:\n  a: {rum: x}\n")
    code, out, err = run(capsys, str(tmp_path))
    assert (code, out) == (65, "")
    assert "tulle.yaml:2:7: services.a.rum: unknown field; did you mean run?" in err
    assert "> 2 |   a: {rum: x}" in err


def test_the_example_is_good_and_a_dry_run_prints_its_resources(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(__file__).parents[4] / "examples" / "shop"
    code, out, err = run(capsys, str(folder), "--dry-run")
    assert (code, err) == (0, "")
    assert {item["kind"] for item in yaml.safe_load_all(out)} >= {"Service", "Sidecar", "Gateway"}


def test_a_second_mesh_is_told_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "tulle.yaml").write_text("services: {a: {run: x}}\n")
    with json_server(ready="ready") as server:
        write_state("up", MeshState(pid=os.getpid(), xds="", admin=server.url, registrations=""))
        code, _, err = run(capsys, str(tmp_path))
    assert code == 64
    assert f"pid {os.getpid()}" in err
