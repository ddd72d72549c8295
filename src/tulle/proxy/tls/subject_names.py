"""Tests of the names in a certificate (envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher)."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import contains, eq
from typing import Any

import re2  # type: ignore[import-untyped]

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import CertificateValidationContext, StringMatcher, SubjectAltNameMatcher
from tulle.proxy.telemetry.tls_facts import SubjectName

Test = Callable[[str], bool]
NameTest = tuple[frozenset[str], Test]  # the kinds of names that it looks at, and the test

_KINDS = {
    SubjectAltNameMatcher.EMAIL: "EMAIL",
    SubjectAltNameMatcher.DNS: "DNS",
    SubjectAltNameMatcher.URI: "URI",
    SubjectAltNameMatcher.IP_ADDRESS: "IP",
}


def build_name_tests(
    proto: CertificateValidationContext, path: str, problems: list[FieldProblem]
) -> tuple[NameTest, ...]:
    """The tests of which one must hold; none when every name will do."""
    tests: list[NameTest] = []
    for index, matcher in enumerate(proto.match_typed_subject_alt_names):
        where = f"{path}.match_typed_subject_alt_names[{index}]"
        kind = _KINDS.get(matcher.san_type)
        if kind is None:
            problems.append(FieldProblem(f"{where}.san_type", "this kind of name is not supported"))
            continue
        tests.append(_name_test(kind, matcher.matcher, f"{where}.matcher", problems))
    for index, untyped in enumerate(proto.match_subject_alt_names):
        where = f"{path}.match_subject_alt_names[{index}]"
        tests += [_name_test(kind, untyped, where, problems) for kind in _KINDS.values()]
    return tuple(tests)


def dns_name_test(name: str) -> NameTest:
    """The test whether a certificate is one for this host."""
    return frozenset({"DNS"}), partial(fits_dns_name, name)


def any_name_passes(names: Iterable[SubjectName], tests: Sequence[NameTest]) -> bool:
    """Whether one of the names passes one of the tests."""
    return any(kind in kinds and test(text) for kind, text in names for kinds, test in tests)


def _name_test(kind: str, proto: StringMatcher, path: str, problems: list[FieldProblem]) -> NameTest:
    return frozenset({kind}), _text_test(kind, proto, path, problems)


def _text_test(kind: str, proto: StringMatcher, path: str, problems: list[FieldProblem]) -> Test:
    pattern = proto.WhichOneof("match_pattern")
    if pattern is None or pattern == "custom":
        problems.append(FieldProblem(path, "wants one of exact, prefix, suffix, contains and safe_regex"))
        return partial(eq, None)
    if pattern == "safe_regex":
        return _regex_test(proto, f"{path}.safe_regex.regex", problems)
    text: str = getattr(proto, pattern)
    if pattern == "exact" and kind == "DNS" and not proto.ignore_case:
        return partial(fits_dns_name, text)
    if not proto.ignore_case:
        return _plain_test(pattern, text)
    folded = _plain_test(pattern, text.lower())
    return lambda value: folded(value.lower())


def _plain_test(pattern: str, text: str) -> Test:
    if pattern == "exact":
        return partial(eq, text)
    if pattern == "prefix":
        return lambda value: value.startswith(text)
    if pattern == "suffix":
        return lambda value: value.endswith(text)
    return lambda value: contains(value, text)


def _regex_test(proto: StringMatcher, path: str, problems: list[FieldProblem]) -> Test:
    options: Any = re2.Options()
    options.log_errors = False
    try:
        compiled: Any = re2.compile(proto.safe_regex.regex, options)
    except re2.error as error:
        problems.append(FieldProblem(path, str(error)))
        return partial(eq, None)
    return lambda value: compiled.fullmatch(value) is not None


def fits_dns_name(wanted: str, name: str) -> bool:
    """Whether a certificate's DNS name, perhaps with a wildcard, covers `wanted` (Envoy: Utility::dnsNameMatch)."""
    wanted, name = wanted.lower(), name.lower()
    if wanted == name:
        return True
    label, dot, rest = name.partition(".")
    wanted_label, wanted_dot, wanted_rest = wanted.partition(".")
    if not dot or not wanted_dot or rest != wanted_rest or "*" in rest:
        return False
    if label.count("*") != 1 or label.startswith("xn--"):
        return False
    before, _, after = label.partition("*")
    long_enough = len(wanted_label) >= len(before) + len(after)
    return long_enough and wanted_label.startswith(before) and wanted_label.endswith(after)
