"""Single rules, on rules made by hand."""

from tulle.protos.pool import message_class
from tulle.protos.rules import duration_rules, enum_rules, number_rules, scalar_rules


def string_rules(**fields: object) -> object:
    return message_class("validate.StringRules")(**fields)


def failures(checks: list, value: object) -> list[str]:
    return [message for check in checks if (message := check(value))]


def test_pattern_prefix_suffix_and_contains_are_each_their_own_problem() -> None:
    rules = string_rules(pattern="^[a-z]+$", prefix="a", suffix="z", contains="m")
    assert len(failures(scalar_rules(rules, "string"), "0")) == 4
    assert failures(scalar_rules(rules, "string"), "amz") == []


def test_membership_is_checked_both_ways() -> None:
    rules = string_rules(**{"in": ["a", "b"], "not_in": ["b"]})
    assert failures(scalar_rules(rules, "string"), "a") == []
    assert len(failures(scalar_rules(rules, "string"), "b")) == 1
    assert len(failures(scalar_rules(rules, "string"), "c")) == 1


def test_addresses_and_host_names_are_recognised() -> None:
    assert failures(scalar_rules(string_rules(ip=True), "string"), "::1") == []
    assert len(failures(scalar_rules(string_rules(ip=True), "string"), "localhost")) == 1
    assert failures(scalar_rules(string_rules(address=True), "string"), "a.example") == []
    assert len(failures(scalar_rules(string_rules(hostname=True), "string"), "-a")) == 1


def test_a_lower_bound_above_the_upper_one_forbids_what_lies_between() -> None:
    rules = number_rules(message_class("validate.UInt32Rules")(gt=10, lt=5))
    assert failures(rules, 11) == []
    assert failures(rules, 4) == []
    assert len(failures(rules, 7)) == 1


def test_durations_are_compared_as_time() -> None:
    duration = message_class("google.protobuf.Duration")
    rules = duration_rules(message_class("validate.DurationRules")(gte=duration(nanos=1_000_000)))
    assert failures(rules, duration(seconds=1)) == []
    assert failures(rules, duration(nanos=999)) == ["must be at least 0.001s"]


def test_only_defined_enum_values_pass() -> None:
    rules = enum_rules(message_class("validate.EnumRules")(defined_only=True), frozenset({0, 1}))
    assert failures(rules, 1) == []
    assert failures(rules, 2) == ["2 is not a defined value"]
