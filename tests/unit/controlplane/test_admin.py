"""What the admin interface shows."""

from tests.mesh import CLIENT, REVIEWS, context_of
from tulle.api.problems import Problem
from tulle.controlplane.admin import dump, problem_with_frame
from tulle.foundation.errors import Place


def test_a_dump_holds_every_type_that_a_proxy_would_get() -> None:
    found = dump(CLIENT, context_of(REVIEWS))
    assert set(found) == {"CDS", "EDS", "LDS", "RDS"}
    assert all(found.values())


def test_a_problem_is_shown_with_the_lines_around_it() -> None:
    problem = Problem("TUL0001", "error", "a", "", "no", Place("a.yaml", 2, 1))
    assert "> 2 | bad" in str(problem_with_frame(problem, "good\nbad\n")["frame"])
