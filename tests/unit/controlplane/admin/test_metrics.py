"""Metrics."""

from types import SimpleNamespace

from tests.mesh import REVIEWS, context_of
from tulle.api.problems import Problem
from tulle.controlplane.admin.metrics import Metrics
from tulle.controlplane.xds.status import Ledger
from tulle.protos.type_urls import CLUSTER


def test_what_happened_and_what_is_stand_under_istios_names() -> None:
    ledger = Ledger()
    ledger.connect(1, "a")
    ledger.pushes[CLUSTER] += 2
    ledger.rejects[CLUSTER] += 1
    problems = (Problem("TUL0001", "error", "a", "", "no"),)
    metrics = Metrics(SimpleNamespace(ledger=ledger, context=context_of(REVIEWS), problems=problems))
    metrics.debounce.observe(0.1)
    lines = metrics.render().decode().splitlines()
    assert {
        "pilot_xds 1.0",
        "pilot_services 1.0",
        'pilot_xds_pushes_total{type="cds"} 2.0',
        'pilot_xds_pushes_total{type="eds"} 0.0',
        'pilot_total_xds_rejects_total{type="cds"} 1.0',
        'tulle_config_problems{severity="error"} 1.0',
        "pilot_debounce_time_count 1.0",
    } <= set(lines)
