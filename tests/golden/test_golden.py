"""What a proxy is sent for some resources, as text that a person can read and a change can be seen in.

cases/NAME/input.yaml holds resources, node.yaml the proxy, expected/ what it is sent. `make golden` writes it anew.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.support.envoy_validation import complaints, static_bootstrap
from tulle.api.loading import load_text
from tulle.controlplane.admin.config_dump import render_config_dump
from tulle.controlplane.config.store import state_of
from tulle.controlplane.push.context import PushContext, build_context
from tulle.controlplane.push.node import Node

CASES = sorted(path.parent for path in Path(__file__).parent.glob("cases/*/input.yaml"))
# file → (list in the dump, way to the resource in one entry of it)
FILES = {
    "clusters": ("dynamic_active_clusters", ("cluster",)),
    "endpoints": ("dynamic_endpoint_configs", ("endpoint_config",)),
    "listeners": ("dynamic_listeners", ("active_state", "listener")),
    "routes": ("dynamic_route_configs", ("route_config",)),
}
MAPS = ("filter_metadata", "typed_extension_protocol_options")


def read(case: Path) -> tuple[Node, PushContext]:
    """The proxy and the mesh of a case."""
    node = msgspec.convert(yaml.safe_load((case / "node.yaml").read_text()), Node)
    result = load_text((case / "input.yaml").read_text(), "input.yaml")
    assert not result.broken, [str(problem) for problem in result.problems]
    return node, build_context(state_of(result.resources))


def plain(value: Any, ordered: bool = False) -> Any:
    """The value for YAML; fields as in the .proto files, and the keys of maps, which have no order, by name."""
    if isinstance(value, Mapping):
        keys = sorted(value) if ordered else list(value)
        return {key: plain(value[key], ordered or key in MAPS) for key in keys}
    return [plain(item, ordered) for item in value] if isinstance(value, list) else value


def made(case: Path) -> Mapping[str, list[Any]]:
    """What the proxy is sent, by file."""
    found: dict[str, list[Any]] = {}
    for section in render_config_dump(*read(case))["configs"]:  # type: ignore[attr-defined]
        for file, (name, way) in FILES.items():
            for entry in section.get(name, ()):
                for key in way:
                    entry = entry[key]
                found.setdefault(file, []).append(plain({key: entry[key] for key in entry if key != "@type"}))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_proxy_is_sent_what_is_expected(case: Path, pytestconfig: pytest.Config) -> None:
    found, folder = made(case), case / "expected"
    texts = {f"{file}.yaml": yaml.safe_dump_all(items, sort_keys=False, width=120) for file, items in found.items()}
    if pytestconfig.getoption("--update-golden"):
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, text in texts.items():
            (folder / name).write_text(text)
    assert sorted(path.name for path in folder.iterdir()) == sorted(texts)
    for name, text in texts.items():
        assert text == (folder / name).read_text(), f"{name} differs; if it should, run `make golden` and read the diff"


@pytest.mark.envoy
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_real_envoy_takes_it(case: Path, tmp_path: Path) -> None:
    assert complaints(tmp_path, static_bootstrap(*read(case))) == ""
