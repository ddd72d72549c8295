"""Problems as text and data."""

from tulle.api.problems import CODES, Problem
from tulle.foundation.errors import Place


def test_a_problem_says_where_what_and_with_which_code() -> None:
    problem = Problem("TUL0003", "error", "Gateway/a/b", "spec.x", "unknown field", Place("f.yaml", 2, 3))
    assert str(problem) == "f.yaml:2:3: error TUL0003 Gateway/a/b: spec.x: unknown field"
    assert problem.as_dict()["line"] == 2


def test_every_code_has_a_severity_and_a_title() -> None:
    assert all(severity in ("error", "warning", "info") and title for severity, title in CODES.values())
