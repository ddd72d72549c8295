"""The table and the JSON of a benchmark."""

from bench.report import Results, as_json, as_text, with_ratio
from bench.rounds import CaseResult
from bench.starts import StartResult

_HOST = {"cpu": "a CPU", "cpus": 2, "kernel": "6.1", "python": "3.11"}


def _results() -> Results:
    results = Results(["tulle", "envoy", "nginx"], 3, 2, busy=0.0)
    results.cases["h1"] = CaseResult(
        {"tulle": [30.0, 42.0, 36.0], "envoy": [60.0, 61.0, 59.0]}, failures={"nginx": "does not start: why"}
    )
    results.starts["idle"] = StartResult(
        alone_mb={"tulle": [30.0], "envoy": [60.0]}, live_s={"tulle": [0.4], "envoy": [0.1]}
    )
    return results


def test_json_has_medians_and_the_ratio_to_envoy() -> None:
    report = as_json(_results(), _HOST, {})
    assert report["cases"] == {"h1": {"tulle": 36.0, "envoy": 60.0, "ratio_to_envoy": 0.6}}
    assert report["memory_mb"]["idle"]["ratio_to_envoy"] == 0.5
    assert report["live_s"]["idle"]["tulle"] == 0.4
    assert report["failures"] == {"h1": {"nginx": "does not start: why"}}


def test_the_table_marks_what_was_wanted_and_names_who_is_missing() -> None:
    text = as_text(as_json(_results(), _HOST, {}), ["tulle", "envoy", "nginx"])
    assert "36.0" in text
    assert "≤ 0.70 ✓" in text
    assert "≤ 1 s ✓" in text
    assert "h1: nginx: does not start: why" in text


def test_a_ratio_needs_both() -> None:
    assert with_ratio({"tulle": None, "envoy": 2.0}) == {"envoy": 2.0}


def test_an_engine_that_failed_half_way_has_no_median() -> None:
    assert CaseResult({"tulle": [1.0]}, failures={"tulle": "died"}).median("tulle") is None
