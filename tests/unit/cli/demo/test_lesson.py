"""The lessons and how they are judged."""

import pytest

from tulle.api.loading import load_text
from tulle.cli.demo.lesson import (
    USERS,
    VERSIONS,
    Verdict,
    brief_verdict,
    describe_verdict,
    judge,
    load_lessons,
    shares,
    split_lesson,
)


def test_the_names_of_the_lessons_are_unique_and_each_says_what_every_user_gets() -> None:
    lessons = load_lessons()
    assert len({lesson.name for lesson in lessons}) == len(lessons) == 7
    for lesson in lessons:
        assert set(lesson.wanted) == set(USERS)
        for wanted in lesson.wanted.values():
            assert sum(wanted.values()) == 100
            assert set(wanted) <= set(VERSIONS)


@pytest.mark.parametrize("lesson", load_lessons(), ids=lambda lesson: lesson.name)
def test_all_rules_are_good_and_honoured_but_for_the_mistake_that_is_meant(lesson: object) -> None:
    from tulle.cli.demo.lesson import Lesson

    assert isinstance(lesson, Lesson)
    problems = [problem for name, text in lesson.files.items() for problem in load_text(text, name).problems]
    if lesson.problem:
        assert [lesson.problem in problem.message for problem in problems] == [True]
    else:
        assert problems == []
    assert [load_text(text, name).problems for name, text in lesson.good.items()] in ([], [()])


def test_shares_of_ones_own_become_a_rule() -> None:
    lesson = split_lesson({"v1": 70, "v2": 0, "v3": 30})
    result = load_text(lesson.files["reviews.yaml"], "reviews.yaml")
    assert result.problems == ()
    routes = result.resources[0].spec.http[0].route
    assert [(route.destination.subset, route.weight) for route in routes] == [("v1", 70), ("v3", 30)]
    assert lesson.wanted["jason"] == {"v1": 70.0, "v3": 30.0}


@pytest.mark.parametrize(
    ("wanted", "found", "near"),
    [
        ({"v1": 100}, {"v1": 300}, True),
        ({"v1": 100}, {"v1": 299, "v2": 1}, False),
        ({"v1": 90, "v2": 10}, {"v1": 275, "v2": 25}, True),
        ({"v1": 90, "v2": 10}, {"v1": 150, "v2": 150}, False),
        ({"v1": 90, "v2": 10}, {"v1": 300}, False),
        ({"v1": 50, "v3": 50}, {"v1": 148, "v3": 151, "status 503": 1}, False),
        ({"v2": 100}, {}, False),
    ],
)
def test_a_share_must_be_as_near_as_chance_allows_and_nothing_else_may_answer(
    wanted: dict[str, float], found: dict[str, int], near: bool
) -> None:
    assert judge("guest", wanted, found).near is near


def test_the_words_put_the_measured_beside_the_wanted() -> None:
    verdict = Verdict("guest", {"v1": 90.0, "v2": 10.0}, shares({"v1": 89, "v2": 11}), 100, True)
    assert describe_verdict(verdict) == "guest wanted v1 90 % · v2 10 %, measured v1 89 % · v2 11 % (n=100)"
    assert brief_verdict(verdict) == "guest v1 89/90 v2 11/10 % (n=100)"
    assert "measured nothing" in describe_verdict(Verdict("guest", {"v1": 100.0}, {}, 0, False))
