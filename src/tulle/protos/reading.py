"""YAML or JSON values to protobuf messages, with all errors at once and the place of each."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Protocol, TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from tulle.foundation.errors import FieldProblem, InvalidInput, Place
from tulle.protos.pool import class_of_type_url, descriptor_of, message_class, pool

M = TypeVar("M", bound=Message)
Path = tuple[str | int, ...]

# Messages whose JSON form is not an object with the message's own fields.
_SPECIAL = frozenset(
    f"google.protobuf.{name}"
    for name in (
        "Struct",
        "Value",
        "ListValue",
        "Duration",
        "Timestamp",
        "FieldMask",
        "BoolValue",
        "BytesValue",
        "DoubleValue",
        "FloatValue",
        "Int32Value",
        "Int64Value",
        "StringValue",
        "UInt32Value",
        "UInt64Value",
    )
)
_ANY = "google.protobuf.Any"


class Places(Protocol):
    """Whatever knows where in a file a path of keys stands (foundation.yaml.Document)."""

    def place_of(self, path: Path) -> Place: ...


def path_text(path: Path) -> str:
    """`static_resources.clusters[0].name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def parse_message(cls: type[M], value: object, places: Places | None = None) -> M:
    """The message that `value` (as read from YAML or JSON) describes; InvalidInput with every problem found."""
    reader = _Reader(places)
    reader.check_message(descriptor_of(cls), value, ())
    if reader.problems:
        raise InvalidInput(reader.problems)
    message = cls()
    for where, text in reader.durations:
        value = _replaced(value, where, text)
    try:
        json_format.ParseDict(value, message, descriptor_pool=pool())  # type: ignore[arg-type]
    except json_format.ParseError as error:
        raise InvalidInput([FieldProblem("", str(error), places.place_of(()) if places else None)]) from error
    return message


def to_dict(message: Message) -> dict[str, object]:
    """The message in protobuf's JSON mapping, with the field names of the .proto files, as Envoy's admin prints it."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=pool())


def to_json(message: Message) -> str:
    """The text of `to_dict`, indented by one space as Envoy's admin prints it."""
    return json.dumps(to_dict(message), indent=1)


_DURATION = "google.protobuf.Duration"


def _duration_text(value: Mapping[object, object]) -> str:
    seconds, nanos = value.get("seconds", 0), value.get("nanos", 0)
    if not (isinstance(seconds, int) and isinstance(nanos, int) and 0 <= nanos < 10**9):
        return f"{seconds}, {nanos}"
    return f"{seconds}.{nanos:09d}s"


def _replaced(value: object, path: Path, text: str) -> object:
    """A copy of `value` with `text` at `path`; what is not on the way there is shared."""
    if not path:
        return text
    key, rest = path[0], path[1:]
    if isinstance(value, list):
        assert isinstance(key, int)
        return [*value[:key], _replaced(value[key], rest, text), *value[key + 1 :]]
    assert isinstance(value, Mapping)
    return {**value, key: _replaced(value[key], rest, text)}


class _Reader:
    """Walks a value beside a descriptor and collects what does not fit."""

    def __init__(self, places: Places | None) -> None:
        self._places = places
        self.problems: list[FieldProblem] = []
        self.durations: list[tuple[Path, str]] = []  # those that were given in seconds and nanos, as text

    def _add(self, path: Path, message: str) -> None:
        place = self._places.place_of(path) if self._places else None
        self.problems.append(FieldProblem(path_text(path), message, place))

    def check_message(self, descriptor: Descriptor, value: object, path: Path) -> None:
        """Checks a value that stands for a message."""
        if descriptor.full_name in _SPECIAL:
            self._check_special(descriptor, value, path)
            return
        if not isinstance(value, Mapping):
            self._add(path, f"wants {descriptor.name}, an object, and got {_kind_of(value)}")
            return
        if descriptor.full_name == _ANY:
            self._check_any(value, path)
            return
        self._check_fields(descriptor, value, path)

    def _check_fields(self, descriptor: Descriptor, value: Mapping[str, object], path: Path) -> None:
        fields = _fields_by_any_name(descriptor)
        seen: dict[str, str] = {}
        for key, item in value.items():
            field = fields.get(key)
            if field is None:
                self._add((*path, str(key)), _unknown_field(descriptor, str(key)))
                continue
            if item is None:
                continue
            self._check_oneof(field, key, seen, path)
            self._check_field(field, item, (*path, key))

    def _check_oneof(self, field: FieldDescriptor, key: str, seen: dict[str, str], path: Path) -> None:
        group = field.containing_oneof
        if group is None or group.name.startswith("_"):
            return
        other = seen.setdefault(group.name, key)
        if other != key:
            self._add((*path, key), f"cannot stand beside {other}: only one of {group.name} may be set")

    def _check_any(self, value: Mapping[str, object], path: Path) -> None:
        type_url = value.get("@type")
        if not isinstance(type_url, str):
            self._add(path, 'wants "@type", the type URL of what it holds')
            return
        try:
            descriptor = descriptor_of(class_of_type_url(type_url))
        except KeyError:
            self._add((*path, "@type"), f"unknown type {type_url}")
            return
        inner = {key: item for key, item in value.items() if key != "@type"}
        if descriptor.full_name in _SPECIAL:
            self._check_special(descriptor, inner.get("value"), (*path, "value"))
        else:
            self._check_fields(descriptor, inner, path)

    def _check_field(self, field: FieldDescriptor, value: object, path: Path) -> None:
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            self._check_map(entry.fields_by_name["value"], value, path)
        elif field.is_repeated:
            if not isinstance(value, list):
                self._add(path, f"wants a list and got {_kind_of(value)}")
                return
            for index, item in enumerate(value):
                self._check_single(field, item, (*path, index))
        else:
            self._check_single(field, value, path)

    def _check_map(self, item_field: FieldDescriptor, value: object, path: Path) -> None:
        if not isinstance(value, Mapping):
            self._add(path, f"wants an object and got {_kind_of(value)}")
            return
        for key, item in value.items():
            self._check_single(item_field, item, (*path, str(key)))

    def _check_single(self, field: FieldDescriptor, value: object, path: Path) -> None:
        if field.message_type is not None:
            self.check_message(field.message_type, value, path)
            return
        message = _scalar_problem(field, value)
        if message:
            self._add(path, message)

    def _check_special(self, descriptor: Descriptor, value: object, path: Path) -> None:
        if descriptor.full_name == _DURATION and isinstance(value, Mapping) and value.keys() <= {"seconds", "nanos"}:
            # Not in protobuf's JSON mapping, but Envoy takes it.
            value = _duration_text(value)
            self.durations.append((path, value))
        try:
            json_format.ParseDict(value, message_class(descriptor.full_name)(), descriptor_pool=pool())  # type: ignore[arg-type]
        except (json_format.ParseError, TypeError, AttributeError, ValueError) as error:
            self._add(path, f"is not a {descriptor.name}: {error}")


def _fields_by_any_name(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    """Fields by proto name and by JSON name; both are allowed in JSON."""
    known = _FIELDS.get(descriptor.full_name)
    if known is None:
        known = {field.json_name: field for field in descriptor.fields}
        known.update({field.name: field for field in descriptor.fields})
        _FIELDS[descriptor.full_name] = known
    return known


_FIELDS: dict[str, dict[str, FieldDescriptor]] = {}

_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


def _scalar_problem(field: FieldDescriptor, value: object) -> str:
    """What keeps `value` from being this field's scalar; empty when nothing does."""
    kind = field.cpp_type
    if kind in _INTEGERS:
        return _integer_problem(value, *_INTEGERS[kind])
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return "" if isinstance(value, bool) else f"wants true or false and got {_kind_of(value)}"
    if field.enum_type is not None:
        return _enum_problem(field.enum_type, value)
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return "" if isinstance(value, str) else f"wants text and got {_kind_of(value)}; put it in quotes"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return ""
    return "" if isinstance(value, str) else f"wants a number and got {_kind_of(value)}"


def _integer_problem(value: object, low: int, high: int) -> str:
    number: object = value
    if isinstance(value, str) and value.lstrip("-").isdigit():
        number = int(value)
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int):
        return f"wants a whole number and got {_kind_of(value)}"
    return "" if low <= number <= high else f"{number} is not between {low} and {high}"


def _enum_problem(enum: EnumDescriptor, value: object) -> str:
    names = [item.name for item in enum.values]
    if isinstance(value, int) and not isinstance(value, bool):
        return "" if value in enum.values_by_number else f"{value} is not a number of {enum.name}"
    if value in names:
        return ""
    return f"{value!r} is none of {', '.join(names)}{_suggestion(str(value), names)}"


def _unknown_field(descriptor: Descriptor, key: str) -> str:
    return f"unknown field in {descriptor.full_name}{_suggestion(key, [field.name for field in descriptor.fields])}"


def _suggestion(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _kind_of(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return f"{value!r}"
