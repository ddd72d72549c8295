"""Judging what was measured."""

from collections import Counter

import pytest

from tulle.cli.demo.lessons import LESSONS, judge

BY_NAME = {lesson.name: lesson for lesson in LESSONS}


@pytest.mark.parametrize(
    ("name", "found", "passed"),
    [
        ("all-v1", Counter(v1=300), True),
        ("all-v1", Counter(v1=299, v2=1), False),
        ("canary", Counter(v1=275, v2=25), True),
        ("canary", Counter(v1=150, v2=150), False),
        ("shift", Counter({"v1": 148, "v3": 151, "status 503": 1}), False),
        ("header", Counter(), False),
    ],
)
def test_a_share_must_be_near_what_the_rule_says_and_nothing_else_may_answer(
    name: str, found: Counter[str], passed: bool
) -> None:
    assert judge(BY_NAME[name], found) is passed
