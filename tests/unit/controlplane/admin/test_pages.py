"""What the admin interface shows."""

from tulle.api.problems import Problem
from tulle.controlplane.admin.pages import problem_with_frame
from tulle.foundation.errors import Place


def test_a_problem_is_shown_with_the_lines_around_it() -> None:
    problem = Problem("TUL0001", "error", "a", "", "no", Place("a.yaml", 2, 1))
    assert "> 2 | bad" in str(problem_with_frame(problem, "good\nbad\n")["frame"])
