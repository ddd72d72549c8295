"""The rules that Envoy's API states of itself (`validate.rules`, protoc-gen-validate), checked with field paths."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from tulle.foundation.errors import FieldProblem
from tulle.protos.pool import class_of_type_url, message_class, pool
from tulle.protos.rules import duration_rules, enum_rules, number_rules, scalar_rules

Check = Callable[[Any], str | None]

_ANY = "google.protobuf.Any"
_WRAPPERS = re.compile(r"google\.protobuf\.\w+Value$")


def validate(message: Message, path: str = "") -> list[FieldProblem]:
    """Every broken rule in the message and all that it holds, `Any` included; empty when it is valid."""
    problems: list[FieldProblem] = []
    _validate(message, path, problems)
    return problems


def _validate(message: Message, path: str, problems: list[FieldProblem]) -> None:
    if message.DESCRIPTOR.full_name == _ANY:
        _validate_any(message, path, problems)
        return
    plan = _plan(message.DESCRIPTOR.full_name)
    set_fields = {field.name: value for field, value in message.ListFields()}
    for oneof in plan.required_oneofs:
        if message.WhichOneof(oneof) is None:
            problems.append(FieldProblem(path, f"one of the fields of {oneof} must be set"))
    for field_plan in plan.checked:
        where = f"{path}.{field_plan.name}" if path else field_plan.name
        field_plan.run(message, set_fields, where, problems)
    for name in plan.nested:
        value = set_fields.get(name)
        if value is not None:
            _validate_nested(value, f"{path}.{name}" if path else name, problems)


def _validate_nested(value: Any, path: str, problems: list[FieldProblem]) -> None:
    if isinstance(value, Message):
        _validate(value, path, problems)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _validate(item, f'{path}["{key}"]', problems)
    else:
        for index, item in enumerate(value):
            _validate(item, f"{path}[{index}]", problems)


def _validate_any(holder: Any, path: str, problems: list[FieldProblem]) -> None:
    if not holder.type_url:
        return
    try:
        message = class_of_type_url(holder.type_url)()
        message.ParseFromString(holder.value)
    except KeyError:
        problems.append(FieldProblem(path, f"unknown type {holder.type_url}"))
    except Exception as error:  # protobuf's DecodeError is raised by a C extension under several names
        problems.append(FieldProblem(path, f"cannot be read as {holder.type_url}: {error}"))
    else:
        _validate(message, path, problems)


class _Plan:
    """What there is to check in one kind of message."""

    __slots__ = ("checked", "nested", "required_oneofs")

    def __init__(self, descriptor: Descriptor) -> None:
        self.required_oneofs = [
            oneof.name for oneof in descriptor.oneofs if _extension(oneof, "OneofOptions", "validate.required")
        ]
        self.checked: list[_FieldPlan] = []
        self.nested: list[str] = []
        if _extension(descriptor, "MessageOptions", "validate.disabled"):
            return
        for field in descriptor.fields:
            rules = _extension(field, "FieldOptions", "validate.rules")
            if rules is not None and rules.ByteSize():
                self.checked.append(_FieldPlan(field, rules))
            if _holds_messages(field) and not (rules and rules.HasField("message") and rules.message.skip):
                self.nested.append(field.name)


def _holds_messages(field: FieldDescriptor) -> bool:
    inner = field.message_type
    if inner is None:
        return False
    if inner.GetOptions().map_entry:
        return inner.fields_by_name["value"].message_type is not None
    return not inner.full_name.startswith("google.protobuf.") or inner.full_name == _ANY


@cache
def _plan(full_name: str) -> _Plan:
    return _Plan(pool().FindMessageTypeByName(full_name))


def _extension(descriptor: Any, options: str, extension: str) -> Any:
    """The value of an option that only the private pool knows; None when it is not set."""
    raw = descriptor.GetOptions().SerializeToString()
    if not raw:
        return None
    known: Any = message_class(f"google.protobuf.{options}").FromString(raw)
    handle = pool().FindExtensionByName(extension)
    if not known.HasExtension(handle):
        return None
    return known.Extensions[handle]


class _FieldPlan:
    """The rules of one field, compiled once."""

    __slots__ = ("_checks", "_key_checks", "_kind", "_list_checks", "_required", "_skip_default", "_wrapper", "name")

    def __init__(self, field: FieldDescriptor, rules: Any) -> None:
        self.name = field.name
        inner = field.message_type
        self._wrapper = inner is not None and bool(_WRAPPERS.match(inner.full_name))
        self._kind = _shape(field)
        # In a oneof a rule holds for the member that is set, if any.
        self._required = _is_required(rules) and field.containing_oneof is None
        self._list_checks: list[Check] = []
        self._checks: list[Check] = []
        self._key_checks: list[Check] = []
        # A scalar without presence is checked even when it is not set: its value is then the default.
        self._skip_default = field.has_presence or _ignores_empty(rules)
        if self._kind == "list":
            self._list_checks = _repeated_rules(rules.repeated)
            self._checks = _value_rules(field, rules.repeated.items)
        elif self._kind == "map" and inner is not None:
            self._list_checks = _pairs_rules(rules.map)
            self._key_checks = _value_rules(inner.fields_by_name["key"], rules.map.keys)
            self._checks = _value_rules(inner.fields_by_name["value"], rules.map.values)
        else:
            self._checks = _value_rules(field, rules)

    def run(self, message: Message, present: Mapping[str, Any], path: str, problems: list[FieldProblem]) -> None:
        """Appends a problem for each rule that the field of this message breaks."""
        value = present.get(self.name)
        if value is None:
            if self._required:
                problems.append(FieldProblem(path, "must be set"))
                return
            if self._skip_default:
                return
            value = getattr(message, self.name)
        if self._kind == "one":
            _apply(self._checks, value.value if self._wrapper else value, path, problems)
            return
        _apply(self._list_checks, value, path, problems)
        if self._kind == "map":
            self._run_map(value, path, problems)
        elif self._checks:
            for index, item in enumerate(value):
                _apply(self._checks, item, f"{path}[{index}]", problems)

    def _run_map(self, pairs: Mapping[Any, Any], path: str, problems: list[FieldProblem]) -> None:
        for key, item in pairs.items():
            _apply(self._key_checks, key, f'{path}["{key}"]', problems)
            _apply(self._checks, item, f'{path}["{key}"]', problems)


def _apply(checks: list[Check], value: Any, path: str, problems: list[FieldProblem]) -> None:
    for check in checks:
        message = check(value)
        if message:
            problems.append(FieldProblem(path, message))


def _shape(field: FieldDescriptor) -> str:
    if not field.is_repeated:
        return "one"
    inner = field.message_type
    return "map" if inner is not None and inner.GetOptions().map_entry else "list"


def _ignores_empty(rules: Any) -> bool:
    kind = rules.WhichOneof("type")
    return bool(kind and getattr(getattr(rules, kind), "ignore_empty", False))


def _is_required(rules: Any) -> bool:
    if rules.HasField("message") and rules.message.required:
        return True
    kind = rules.WhichOneof("type")
    return kind in ("duration", "any", "timestamp") and getattr(rules, kind).required


def _value_rules(field: FieldDescriptor, rules: Any) -> list[Check]:
    kind = rules.WhichOneof("type")
    if kind is None:
        return []
    of_kind = getattr(rules, kind)
    if kind in ("string", "bytes"):
        return scalar_rules(of_kind, kind)
    if kind == "duration":
        return duration_rules(of_kind)
    if kind == "enum":
        numbers = frozenset(field.enum_type.values_by_number) if field.enum_type else frozenset()
        return enum_rules(of_kind, numbers)
    if kind == "bool":
        wanted = of_kind.const
        return [lambda value: None if value == wanted else f"must be {wanted}"] if of_kind.HasField("const") else []
    if kind == "any":
        return _any_rules(of_kind)
    return number_rules(of_kind) if kind not in ("repeated", "map", "timestamp") else []


def _any_rules(rules: Any) -> list[Check]:
    allowed = frozenset(getattr(rules, "in"))
    if not allowed:
        return []
    return [lambda value: None if value.type_url in allowed else f"must hold one of {', '.join(sorted(allowed))}"]


def _repeated_rules(rules: Any) -> list[Check]:
    checks: list[Check] = _size_rules(rules.min_items, rules.max_items if rules.HasField("max_items") else None)
    if rules.unique:
        checks.append(
            lambda items: None if len(set(map(_hashable, items))) == len(items) else "must not repeat an item"
        )
    return checks


def _pairs_rules(rules: Any) -> list[Check]:
    return _size_rules(rules.min_pairs, rules.max_pairs if rules.HasField("max_pairs") else None)


def _size_rules(least: int, most: int | None) -> list[Check]:
    checks: list[Check] = []
    if least:
        checks.append(lambda items: None if len(items) >= least else f"must have at least {least} item(s)")
    if most is not None:
        checks.append(lambda items: None if len(items) <= most else f"must have at most {most} item(s)")
    return checks


def _hashable(item: Any) -> Any:
    return item.SerializeToString(deterministic=True) if isinstance(item, Message) else item
