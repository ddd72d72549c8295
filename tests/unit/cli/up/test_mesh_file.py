"""`tulle.yaml`."""

from pathlib import Path

import pytest

from tulle.cli.up.mesh_file import MeshFile, configured_paths, contradictions, missing_paths, read_mesh_file
from tulle.foundation.errors import InvalidInput

GOOD = """\
services:
  web: {run: python3 web.py, port: 8000, upstreams: [api, db]}
  api:
    run: python3 api.py
    versions:
      v1: {}
      v2: {env: {FLAG: 1, LOUD: true}}
  db: {external: "127.0.0.1:5432", protocol: tcp}
gateway: {http: 8080, routes: [{host: "*", to: web}]}
config: [./istio/*.yaml]
"""


def read(folder: Path, text: str) -> MeshFile:
    path = folder / "tulle.yaml"
    path.write_text(text)
    return read_mesh_file(path)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(folder, text)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_a_file_is_read_and_values_of_env_are_text(tmp_path: Path) -> None:
    mesh_file = read(tmp_path, GOOD)
    assert mesh_file.services["api"].versions["v2"].env == {"FLAG": "1", "LOUD": "true"}
    assert mesh_file.services["db"].called_port == 5432
    assert mesh_file.services["api"].called_port == 80
    assert mesh_file.gateway is not None


def test_every_unknown_field_is_named_with_its_place_and_what_was_meant(tmp_path: Path) -> None:
    text = "services:\n  web:\n    runn: x\n    port: many\ngatway: {}\n"
    assert problems(tmp_path, text) == [
        "tulle.yaml:3:5: services.web.runn: unknown field; did you mean run?",
        "tulle.yaml:4:5: services.web.port: wants a whole number and got 'many'",
        "tulle.yaml:5:1: gatway: unknown field; did you mean gateway?",
    ]


def test_every_contradiction_is_told_at_once(tmp_path: Path) -> None:
    text = """\
services:
  web: {run: a, upstreams: [ap]}
  api: {}
  Db: {external: here, run: b}
  far: {run: c, port: 70000}
  tcp: {run: d, protocol: tcp, versions: {v1: {replicas: -1}}}
gateway: {http: 0, routes: [{to: wep}, {to: tcp}]}
"""
    found = problems(tmp_path, text)
    for words in (
        "tulle.yaml:2:29: services.web.upstreams[0]: ap is no service of this file; did you mean api?",
        "tulle.yaml:3:3: services.api: has nothing to run",
        "services.Db: a name has only lower-case letters",
        "services.Db.external: stands for something that runs elsewhere",
        "services.Db.external: wants host:port",
        "services.far.port: wants a port",
        "services.tcp.versions.v1.replicas: wants 0 or more",
        "gateway.http: wants a port",
        "gateway.routes[0].to: wep is no service of this file; did you mean web?",
        "gateway.routes[1].to: tcp speaks tcp",
    ):
        assert any(words in line for line in found), (words, found)


def test_text_that_is_not_yaml_or_not_there_is_bad_input(tmp_path: Path) -> None:
    assert problems(tmp_path, "services: [")[0].startswith("tulle.yaml:")
    assert problems(tmp_path, "a: 1\n---\nb: 2\n") == ["tulle.yaml:1:1: wants one document, and has 2"]
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_mesh_file(tmp_path / "elsewhere.yaml")


def test_patterns_and_folders_of_config_are_looked_up_anew_each_time(tmp_path: Path) -> None:
    mesh_file = MeshFile(services={}, config=("./istio/*.yaml", "more", "none.yaml"))
    (tmp_path / "istio").mkdir()
    (tmp_path / "more").mkdir()
    assert configured_paths(mesh_file, tmp_path) == [str(tmp_path / "more")]
    assert missing_paths(mesh_file, tmp_path) == ["./istio/*.yaml", "none.yaml"]
    (tmp_path / "istio" / "a.yaml").touch()
    assert configured_paths(mesh_file, tmp_path) == [str(tmp_path / "istio" / "a.yaml"), str(tmp_path / "more")]
    assert list(contradictions(mesh_file)) == []
