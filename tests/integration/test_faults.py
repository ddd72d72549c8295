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


def injected(mesh: Bookinfo, kind: str) -> int:
    """How many requests the proxies delayed or aborted."""
    return sum(sum(proxy.stats(f"fault.{kind}_injected$").values()) for proxy in mesh.proxies)


def test_requests_are_late_or_fail_as_the_rule_says(mesh: Bookinfo) -> None:
    assert mesh.count("ratings", 2, end_user="jason") == {"503": 2}
    assert (injected(mesh, "aborts"), injected(mesh, "delays")) == (2, 0)
    began = time.monotonic()
    assert mesh.count("ratings", 2) == {"ratings-v1": 2}
    assert time.monotonic() - began > 0.5  # twice 0.3 s, and a little for timers that count whole milliseconds
    assert (injected(mesh, "aborts"), injected(mesh, "delays")) == (2, 2)
    assert mesh.rejected() == {}
