"""Writes expect.yaml of cases from what the real Envoy does: python -m tests.support.conformance.record [NAME...]."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from tests.support.conformance.case import Case, all_cases
from tests.support.conformance.compare import differences, explain
from tests.support.conformance.observe import Observer
from tests.support.conformance.worlds import World

_LONG_S = 1.0


def record(case: Case, world: World, other: World) -> None:
    """Runs a case in two worlds and writes what was seen; says where the two are not the same."""
    began = time.monotonic()
    first = Observer(case, world).run()
    took = time.monotonic() - began
    if took > _LONG_S:
        print(f"{case.name}: took {took:.1f} s")
    second = Observer(case, other).run(first)
    unsteady = differences(first, second)
    if unsteady:
        print(f"{case.name}: not the same twice\n{explain('envoy', unsteady)}")
    for step in first["requests"]:
        wrong = [step[key] for key in ("shares", "rotation") if step.get(key, "as wanted") != "as wanted"]
        if wrong:
            print(f"{case.name}: {wrong[0]}")
    path = case.folder / "expect.yaml"
    old = yaml.safe_load(path.read_text()) if path.exists() else {}
    if old != first:
        path.write_text(yaml.dump(first, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True))
        print(f"{case.name}: recorded")


class _Dumper(yaml.SafeDumper):
    """Small mappings of headers stand in one flow."""


def _headers(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    flat = bool(value) and not any(isinstance(item, dict | list) for item in value.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=flat and len(value) < 30)


_Dumper.add_representer(dict, _headers)


def main(names: list[str]) -> int:
    cases = [case for case in all_cases() if not names or case.name in names]
    groups = [[case for case in cases if not case.alone], *([case] for case in cases if case.alone)]
    with tempfile.TemporaryDirectory() as folder:
        for number, group in enumerate(group for group in groups if group):
            worlds = [World("envoy", Path(folder) / f"{number}-{copy}", group) for copy in (1, 2)]
            try:
                for world in worlds:
                    world.wait()
                for case in group:
                    record(case, *worlds)
            finally:
                for world in worlds:
                    world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
