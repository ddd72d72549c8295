"""Envoy's own route checks, put to the route table."""

from collections import Counter

import pytest

from tests.support.corpora import CORPORA, needs
from tests.support.router_check import FOLDER, run_router_checks


@needs(str(FOLDER))
def test_every_route_check_that_can_be_judged_comes_out_as_in_envoy(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = run_router_checks(CORPORA)
    counts = Counter(verdict.outcome for verdict in verdicts)
    with capsys.disabled():
        print(f"\nroute checks: {counts['pass']} pass, {counts['fail']} fail, {counts['unsupported']} unsupported")
    assert [verdict for verdict in verdicts if verdict.outcome == "fail"] == []
    assert counts["pass"] >= 80
