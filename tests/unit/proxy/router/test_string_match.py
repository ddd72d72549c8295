"""Tests of values."""

from typing import Any

import pytest

from tulle.protos.messages import Int64Range, StringMatcher
from tulle.protos.reading import parse_message
from tulle.proxy.router.string_match import Problems, build_string_test, range_test


@pytest.mark.parametrize(
    ("matcher", "fitting", "others"),
    [
        ({"exact": "a"}, [b"a"], [b"A", b"ab", b""]),
        ({"prefix": "ab"}, [b"ab", b"abc"], [b"a", b"xab", b"Ab"]),
        ({"suffix": "ab"}, [b"ab", b"cab"], [b"abc", b"AB"]),
        ({"contains": "ab"}, [b"ab", b"xaby"], [b"a-b", b"AB"]),
        ({"safe_regex": {"regex": "a.c"}}, [b"abc"], [b"abcd", b"ac"]),
        ({"exact": "aB", "ignore_case": True}, [b"ab", b"AB"], [b"abc"]),
        ({"prefix": "aB", "ignore_case": True}, [b"Abc"], [b"b"]),
        ({"suffix": "aB", "ignore_case": True}, [b"xAb"], [b"b"]),
        ({"contains": "aB", "ignore_case": True}, [b"xAby"], [b"b"]),
    ],
)
def test_each_kind_of_string_matcher(matcher: dict[str, Any], fitting: list[bytes], others: list[bytes]) -> None:
    problems: Problems = []
    test = build_string_test(parse_message(StringMatcher, matcher), "m", problems)
    assert problems == []
    assert [value for value in fitting + others if test(value)] == fitting


@pytest.mark.parametrize(
    ("matcher", "path", "message"),
    [
        ({"safe_regex": {"regex": "("}}, "m.safe_regex.regex", "missing ): ("),
        ({"safe_regex": {"regex": "a"}, "ignore_case": True}, "m.ignore_case", "has no effect for safe_regex"),
        ({}, "m", "one of the fields of match_pattern must be set"),
        ({"custom": {"name": "x"}}, "m.custom", "this field is not supported"),
        (
            {"safe_regex": {"regex": "/a.*b.*c", "google_re2": {"max_program_size": 1}}},
            "m.safe_regex.regex",
            "RE2 program size of 12 > max program size of 1",
        ),
    ],
)
def test_what_cannot_be_built_is_named(matcher: dict[str, Any], path: str, message: str) -> None:
    problems: Problems = []
    test = build_string_test(parse_message(StringMatcher, matcher), "m", problems)
    assert [(problem.path, problem.message) for problem in problems] == [(path, message)]
    test(b"a")


def test_a_range_takes_whole_numbers_from_start_to_below_end() -> None:
    test = range_test(Int64Range(start=-5, end=10))
    fitting = [b"-5", b"0", b"9", b"+7", b" 7 ", b"007"]
    others = [b"-6", b"10", b"", b"a", b"0x7", b"7.0", b"1,2", b"9" * 19, b"9" * 40]
    assert [value for value in fitting + others if test(value)] == fitting
