"""Faults of a VirtualService, obeyed by the traffic through both engines."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bookinfo import ISTIO, Bookinfo, own_rules
from tests.support.engines import ENGINES

pytestmark = [pytest.mark.envoy, pytest.mark.processes]

FAULTS = f"""
---
{{apiVersion: {ISTIO}, kind: VirtualService, metadata: {{name: ratings}},
 spec: {{hosts: [ratings], http: [
  {{match: [{{headers: {{end-user: {{exact: jason}}}}}}],
    fault: {{abort: {{httpStatus: 503, percentage: {{value: 100}}}}}},
    route: [{{destination: {{host: ratings, subset: v1}}}}]}},
  {{fault: {{delay: {{fixedDelay: 0.3s, percentage: {{value: 100}}}}}},
    route: [{{destination: {{host: ratings, subset: v1}}}}]}}]}}}}
"""


@pytest.fixture(params=ENGINES)
def mesh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bookinfo]:
    with Bookinfo(tmp_path, request.param, first_rules=own_rules() + FAULTS) as found:
        yield found


def test_requests_are_late_or_fail_as_the_rule_says(mesh: Bookinfo) -> None:
    began = time.monotonic()
    assert mesh.count("ratings", 2, end_user="jason") == {"503": 2}
    assert time.monotonic() - began < 0.3
    began = time.monotonic()
    assert mesh.count("ratings", 2) == {"ratings-v1": 2}
    assert 0.6 <= time.monotonic() - began < 2
    assert mesh.rejected() == {}
