"""Tests of values in metadata."""

from typing import Any

import pytest

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import ValueMatcher
from tulle.protos.reading import parse_message
from tulle.proxy.http.filters.value_match import build_value_test

TEXT = {"string_match": {"exact": "x"}}


@pytest.mark.parametrize(
    ("proto", "good", "bad"),
    [
        (TEXT, ["x"], ["y", 1, None]),
        ({"bool_match": True}, [True], [False, 1, None]),
        ({"present_match": True}, ["", 0], [None]),
        ({"present_match": False}, [None], [0]),
        ({"double_match": {"exact": 5}}, [5, 5.0], [True, "5", None]),
        ({"double_match": {"range": {"start": 1, "end": 2}}}, [1, 1.9], [2, "1", True]),
        ({"list_match": {"one_of": TEXT}}, [["y", "x"]], [["y"], "x", None]),
        ({"or_match": {"value_matchers": [TEXT, {"bool_match": False}]}}, ["x", False], ["y", True]),
    ],
)
def test_values(proto: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    test = build_value_test(parse_message(ValueMatcher, proto), "v", [])
    assert [test(value) for value in (*good, *bad)] == [True] * len(good) + [False] * len(bad)


@pytest.mark.parametrize(("proto", "path"), [({"null_match": {}}, "v.null_match"), ({}, "v")])
def test_a_kind_that_is_not_known_is_named(proto: dict[str, Any], path: str) -> None:
    problems: list[FieldProblem] = []
    assert not build_value_test(parse_message(ValueMatcher, proto), "v", problems)("x")
    assert [problem.path for problem in problems] == [path]
