"""Tests of one value against text (envoy.type.matcher.v3.StringMatcher, RegexMatcher, Int64Range)."""

import re
from collections.abc import Callable
from functools import partial
from operator import contains, eq

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Int64Range, RegexMatcher, StringMatcher
from tulle.proxy.router.patterns import BadPattern, Pattern, compile_pattern

Test = Callable[[bytes], bool]
Problems = list[FieldProblem]

_INTEGER = re.compile(rb"[ \t\n\v\f\r]*[+-]?[0-9]{1,19}[ \t\n\v\f\r]*")
_INT64_MAX = (1 << 63) - 1


def never(value: bytes) -> bool:
    """Stands for a test that could not be built."""
    return False


def build_string_test(proto: StringMatcher, path: str, problems: Problems) -> Test:
    """The test that a StringMatcher describes."""
    kind = proto.WhichOneof("match_pattern")
    if kind == "safe_regex":
        if proto.ignore_case:
            problems.append(FieldProblem(f"{path}.ignore_case", "has no effect for safe_regex"))
        return build_regex_test(proto.safe_regex, f"{path}.safe_regex", problems)
    if kind is None:
        problems.append(FieldProblem(path, "one of the fields of match_pattern must be set"))
        return never
    if kind == "custom":
        problems.append(FieldProblem(f"{path}.custom", "this field is not supported"))
        return never
    text: bytes = getattr(proto, kind).encode()
    return _folded(kind, text.lower()) if proto.ignore_case else text_test(kind, text)


def text_test(kind: str, text: bytes) -> Test:
    """The test for one of `exact`, `prefix`, `suffix`, `contains`."""
    if kind == "exact":
        return partial(eq, text)
    if kind == "prefix":
        return lambda value: value.startswith(text)
    if kind == "suffix":
        return lambda value: value.endswith(text)
    return lambda value: contains(value, text)


def _folded(kind: str, text: bytes) -> Test:
    test = text_test(kind, text)
    return lambda value: test(value.lower())


def build_regex_test(proto: RegexMatcher, path: str, problems: Problems) -> Test:
    """The test whether a regular expression matches the whole value."""
    pattern = build_pattern(proto, path, problems)
    return never if pattern is None else pattern.fits


def build_pattern(proto: RegexMatcher, path: str, problems: Problems, capture: bool = False) -> Pattern | None:
    """The pattern of a RegexMatcher; None, and a problem, when RE2 rejects it or it is larger than it may be."""
    try:
        pattern = compile_pattern(proto.regex, capture)
    except BadPattern as error:
        problems.append(FieldProblem(f"{path}.regex", str(error)))
        return None
    if proto.google_re2.HasField("max_program_size"):
        most = proto.google_re2.max_program_size.value
        if pattern.program_size > most:
            message = f"RE2 program size of {pattern.program_size} > max program size of {most}"
            problems.append(FieldProblem(f"{path}.regex", message))
            return None
    return pattern


def range_test(proto: Int64Range) -> Test:
    """The test whether a value is a whole number in [start, end)."""
    start, end = proto.start, proto.end

    def test(value: bytes) -> bool:
        if not _INTEGER.fullmatch(value):
            return False
        number = int(value)
        return start <= number < end and -_INT64_MAX - 1 <= number <= _INT64_MAX

    return test
