"""The version."""

import tomllib
from pathlib import Path

from tulle.foundation.version import VERSION


def test_the_constant_is_the_version_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
