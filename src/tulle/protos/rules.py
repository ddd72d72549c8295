"""Rules for single values (protoc-gen-validate: StringRules, numeric rules, DurationRules, EnumRules)."""

import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

Check = Callable[[Any], str | None]

# PGV: HTTP_HEADER_NAME and HTTP_HEADER_VALUE, strict and loose.
_HEADER_NAME = re.compile(r"^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$")
_HEADER_VALUE = re.compile("^[^\u0000-\u0008\u000a-\u001f\u007f]*$")
_HEADER_LOOSE = re.compile("^[^\u0000\u000a\u000d]*$")
_HOST_LABEL = re.compile(r"^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$")


def scalar_rules(rules: Any, kind: str) -> list[Check]:
    """Rules for text and for bytes."""
    checks = _length_rules(rules, kind) + _content_rules(rules, kind)
    if kind == "string":
        checks += _well_known_rules(rules)
    return checks


def _length_rules(rules: Any, kind: str) -> list[Check]:
    unit = "character" if kind == "string" else "byte"
    checks: list[Check] = []
    if rules.min_len:
        least = rules.min_len
        checks.append(lambda value: None if len(value) >= least else f"must have at least {least} {unit}(s)")
    if rules.HasField("max_len"):
        most = rules.max_len
        checks.append(lambda value: None if len(value) <= most else f"must have at most {most} {unit}s")
    if rules.HasField("len"):
        size = rules.len
        checks.append(lambda value: None if len(value) == size else f"must have {size} {unit}s")
    if kind == "string" and rules.min_bytes:
        least_bytes = rules.min_bytes
        checks.append(lambda value: None if len(value.encode()) >= least_bytes else f"wants {least_bytes} byte(s)")
    if kind == "string" and rules.HasField("max_bytes"):
        most_bytes = rules.max_bytes
        checks.append(lambda value: None if len(value.encode()) <= most_bytes else f"exceeds {most_bytes} bytes")
    return checks


def _content_rules(rules: Any, kind: str) -> list[Check]:
    checks: list[Check] = []
    if rules.HasField("const"):
        const = rules.const
        checks.append(lambda value: None if value == const else f"must be {const!r}")
    if rules.prefix:
        prefix = rules.prefix
        checks.append(lambda value: None if value.startswith(prefix) else f"must start with {prefix!r}")
    if rules.suffix:
        suffix = rules.suffix
        checks.append(lambda value: None if value.endswith(suffix) else f"must end with {suffix!r}")
    if rules.contains:
        part = rules.contains
        checks.append(lambda value: None if part in value else f"must contain {part!r}")
    if rules.pattern:
        text = rules.pattern
        pattern = re.compile(text if kind == "string" else text.encode())
        checks.append(lambda value: None if pattern.search(value) else f"must match {text}")
    return checks + _membership_rules(rules)


def _membership_rules(rules: Any) -> list[Check]:
    checks: list[Check] = []
    allowed = tuple(getattr(rules, "in"))
    if allowed:
        checks.append(lambda value: None if value in allowed else f"must be one of {allowed}")
    denied = tuple(rules.not_in)
    if denied:
        checks.append(lambda value: None if value not in denied else f"must be none of {denied}")
    return checks


def _well_known_rules(rules: Any) -> list[Check]:
    known = rules.WhichOneof("well_known")
    if known is None:
        return []
    if known == "well_known_regex":
        return [_header_rule(rules.well_known_regex, rules.strict if rules.HasField("strict") else True)]
    if known == "uri":
        return [lambda value: None if urlsplit(value).scheme else "must be an absolute URI"]
    if known in ("ip", "ipv4", "ipv6"):
        return [lambda value: None if _is_ip(value, known) else "must be an IP address"]
    if known == "hostname":
        return [lambda value: None if _is_hostname(value) else "must be a host name"]
    if known == "address":
        return [lambda value: None if _is_ip(value, "ip") or _is_hostname(value) else "must be a host name or an IP"]
    return []


def _header_rule(regex: int, strict: bool) -> Check:
    if not strict:
        return lambda value: None if _HEADER_LOOSE.fullmatch(value) else "must not hold NUL, CR or LF"
    if regex == 1:
        return lambda value: None if not value or _HEADER_NAME.fullmatch(value) else "must be a valid HTTP header name"
    return lambda value: None if _HEADER_VALUE.fullmatch(value) else "must be a valid HTTP header value"


def _is_ip(value: str, kind: str) -> bool:
    try:
        version = ip_address(value).version
    except ValueError:
        return False
    return kind == "ip" or kind == f"ipv{version}"


def _is_hostname(value: str) -> bool:
    return len(value) <= 253 and all(_HOST_LABEL.match(label) for label in value.rstrip(".").split("."))


def number_rules(rules: Any) -> list[Check]:
    """Rules for whole and floating numbers."""
    checks: list[Check] = []
    if rules.HasField("const"):
        const = rules.const
        checks.append(lambda value: None if value == const else f"must be {const}")
    checks += _bound_rules(rules, lambda bound: bound, str)
    return checks + _membership_rules(rules)


def _bound_rules(rules: Any, read: Callable[[Any], Any], show: Callable[[Any], str]) -> list[Check]:
    """gt, gte, lt, lte; a lower bound above the upper one excludes what lies between (PGV)."""
    low = _bound(rules, "gt", "gte", read)
    high = _bound(rules, "lt", "lte", read)
    if low is not None and high is not None and low[0] > high[0]:
        return [lambda value: None if _above(value, low) or _below(value, high) else "lies in a forbidden range"]
    checks: list[Check] = []
    if low is not None:
        word = "at least" if low[1] else "greater than"
        checks.append(lambda value: None if _above(value, low) else f"must be {word} {show(low[0])}")
    if high is not None:
        word_high = "at most" if high[1] else "less than"
        checks.append(lambda value: None if _below(value, high) else f"must be {word_high} {show(high[0])}")
    return checks


def _bound(rules: Any, strict: str, inclusive: str, read: Callable[[Any], Any]) -> tuple[Any, bool] | None:
    if rules.HasField(strict):
        return read(getattr(rules, strict)), False
    if rules.HasField(inclusive):
        return read(getattr(rules, inclusive)), True
    return None


def _above(value: Any, bound: tuple[Any, bool]) -> bool:
    return bool(value >= bound[0] if bound[1] else value > bound[0])


def _below(value: Any, bound: tuple[Any, bool]) -> bool:
    return bool(value <= bound[0] if bound[1] else value < bound[0])


def duration_rules(rules: Any) -> list[Check]:
    """Rules for google.protobuf.Duration; bounds are compared as time."""

    def read(duration: Any) -> timedelta:
        return timedelta(seconds=duration.seconds, microseconds=duration.nanos / 1000)

    def on_time(check: Check) -> Check:
        return lambda duration: check(read(duration))

    return [on_time(check) for check in _bound_rules(rules, read, lambda value: f"{value.total_seconds():g}s")]


def enum_rules(rules: Any, numbers: frozenset[int]) -> list[Check]:
    """Rules for enum values, as numbers."""
    checks = _membership_rules(rules)
    if rules.HasField("const"):
        const = rules.const
        checks.append(lambda value: None if value == const else f"must be {const}")
    if rules.defined_only:
        checks.append(lambda value: None if value in numbers else f"{value} is not a defined value")
    return checks
