"""The demo: control plane, eight real Envoys, five services, and every lesson's measured split."""

import json
import subprocess
import sys

import pytest


@pytest.mark.envoy
@pytest.mark.processes
def test_every_lesson_of_the_demo_passes_on_real_envoys(tmp_path: object) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tulle", "demo", "auto", "--engine", "envoy", "--json"],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env={"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert result["passed"]
    assert [lesson["requests"] for lesson in result["lessons"]] == [300] * 5
