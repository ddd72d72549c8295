"""Names in certificates."""

from typing import Any

import pytest
from google.protobuf import json_format

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import CertificateValidationContext
from tulle.proxy.tls.subject_names import any_name_passes, build_name_tests, dns_name_test, fits_dns_name


def passes(kind: str, text: str, given: dict[str, Any]) -> bool:
    problems: list[FieldProblem] = []
    proto = json_format.ParseDict(given, CertificateValidationContext())
    tests = build_name_tests(proto, "", problems)
    assert problems == []
    return any_name_passes([(kind, text)], tests)


def typed(kind: str, **matcher: Any) -> dict[str, Any]:
    return {"match_typed_subject_alt_names": [{"san_type": kind, "matcher": matcher}]}


@pytest.mark.parametrize(
    ("kind", "text", "given", "expected"),
    [
        ("URI", "spiffe://td/a", typed("URI", exact="spiffe://td/a"), True),
        ("URI", "spiffe://td/A", typed("URI", exact="spiffe://td/a"), False),
        ("URI", "spiffe://TD/a", typed("URI", exact="spiffe://td/A", ignore_case=True), True),
        ("DNS", "spiffe://td/a", typed("URI", exact="spiffe://td/a"), False),
        ("URI", "spiffe://td/ns/a", typed("URI", prefix="spiffe://td/"), True),
        ("URI", "spiffe://td/ns/a", typed("URI", suffix="/a"), True),
        ("URI", "spiffe://td/ns/a", typed("URI", contains="ns"), True),
        ("URI", "spiffe://td/ns/a", typed("URI", safe_regex={"regex": "spiffe://[^/]+/ns/.*"}), True),
        ("URI", "spiffe://td/ns/a", typed("URI", safe_regex={"regex": "spiffe"}), False),
        ("IP", "10.0.0.1", typed("IP_ADDRESS", exact="10.0.0.1"), True),
        ("EMAIL", "a@b", typed("EMAIL", exact="a@b"), True),
        ("DNS", "*.example.com", typed("DNS", exact="a.example.com"), True),
        ("DNS", "*.example.com", typed("DNS", prefix="a.example.com"), False),
        ("DNS", "A.example.com", typed("DNS", exact="a.Example.com"), True),
        ("EMAIL", "a@b", {"match_subject_alt_names": [{"exact": "a@b"}]}, True),
        ("DNS", "x.org", {"match_subject_alt_names": [{"exact": "a@b"}, {"suffix": ".org"}]}, True),
    ],
)
def test_a_name_passes_by_kind_and_text(kind: str, text: str, given: dict[str, Any], expected: bool) -> None:
    assert passes(kind, text, given) is expected


@pytest.mark.parametrize(
    ("wanted", "name", "expected"),
    [
        ("a.example.com", "*.example.com", True),
        ("a.b.example.com", "*.example.com", False),
        ("example.com", "*.example.com", False),
        ("ab.example.com", "a*.example.com", True),
        ("ab.example.com", "*b.example.com", True),
        ("ab.example.com", "a*b*.example.com", False),
        ("a.example.com", "xn--*.example.com", False),
        ("a.com", "*.*", False),
        ("com", "*", False),
    ],
)
def test_wildcards_cover_one_label(wanted: str, name: str, expected: bool) -> None:
    assert fits_dns_name(wanted, name) is expected
    assert any_name_passes([("DNS", name)], [dns_name_test(wanted)]) is expected


def test_what_cannot_be_tested_is_a_problem() -> None:
    problems: list[FieldProblem] = []
    for given in (typed("OTHER_NAME", exact="x"), typed("DNS"), typed("DNS", safe_regex={"regex": "("})):
        build_name_tests(json_format.ParseDict(given, CertificateValidationContext()), "vc", problems)
    places = [problem.path for problem in problems]
    where = "vc.match_typed_subject_alt_names[0]"
    assert places == [f"{where}.san_type", f"{where}.matcher", f"{where}.matcher.safe_regex.regex"]
