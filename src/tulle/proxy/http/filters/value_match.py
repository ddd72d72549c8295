"""Tests of one value in metadata (envoy.type.matcher.v3.ValueMatcher)."""

from collections.abc import Callable
from typing import Any

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import ValueMatcher
from tulle.proxy.router.string_match import build_string_test

ValueTest = Callable[[Any], bool]  # None stands for a value that is not there


def build_value_test(proto: ValueMatcher, path: str, problems: list[FieldProblem]) -> ValueTest:
    """The test that a ValueMatcher describes."""
    kind = proto.WhichOneof("match_pattern")
    if kind == "string_match":
        test = build_string_test(proto.string_match, f"{path}.string_match", problems)
        return lambda value: isinstance(value, str) and test(value.encode())
    if kind == "bool_match":
        wanted = proto.bool_match
        return lambda value: value is wanted
    if kind == "present_match":
        present = proto.present_match
        return lambda value: (value is not None) == present
    if kind == "double_match":
        return _double(proto)
    if kind == "list_match":
        one = build_value_test(proto.list_match.one_of, f"{path}.list_match.one_of", problems)
        return lambda value: isinstance(value, list) and any(one(item) for item in value)
    if kind == "or_match":
        tests = [
            build_value_test(each, f"{path}.or_match.value_matchers[{index}]", problems)
            for index, each in enumerate(proto.or_match.value_matchers)
        ]
        return lambda value: any(test(value) for test in tests)
    problems.append(FieldProblem(f"{path}.{kind}" if kind else path, "this kind of test is not supported"))
    return lambda value: False


def _double(proto: ValueMatcher) -> ValueTest:
    """A number that is equal, or in [start, end)."""
    given = proto.double_match
    if given.WhichOneof("match_pattern") == "exact":
        exact = given.exact
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == exact
    start, end = given.range.start, given.range.end
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and start <= value < end
