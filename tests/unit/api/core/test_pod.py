"""Pods."""

import pytest

from tulle.api.core.pod import Pod
from tulle.api.reading import read_struct


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}, True),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}, False),
        ({"phase": "Running"}, True),
        ({"phase": "Pending"}, False),
    ],
)
def test_a_pod_gets_traffic_when_it_runs_and_is_not_unready(status: dict[str, object], ready: bool) -> None:
    pod, problems = read_struct(Pod, {"status": status})
    assert problems == []
    assert pod is not None
    assert pod.ready is ready
