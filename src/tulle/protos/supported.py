"""What a program does not support of a message, by field path; it never ignores a field silently."""

from collections.abc import Mapping

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tulle.foundation.errors import FieldProblem
from tulle.protos.pool import class_of_type_url

Supported = Mapping[str, frozenset[str]]

_OPAQUE_PREFIX = "google.protobuf."
_ANY = "google.protobuf.Any"


def find_unsupported(message: Message, table: Supported, path: str = "") -> list[FieldProblem]:
    """Every set field that `table` (message's full name → names of the fields it honours) does not list.

    Well-known types (Duration, Struct, wrappers …) are values and always fine; an `Any` is opened by its type URL,
    and a type that the table lacks is a problem at the `Any`.
    """
    problems: list[FieldProblem] = []
    _visit(message, table, path, problems)
    return problems


def _visit(message: Message, table: Supported, path: str, problems: list[FieldProblem]) -> None:
    full_name = message.DESCRIPTOR.full_name
    if full_name == _ANY:
        _visit_any(message, table, path, problems)
        return
    if full_name.startswith(_OPAQUE_PREFIX):
        return
    honoured = table.get(full_name)
    if honoured is None:
        problems.append(FieldProblem(path, f"{full_name} is not supported"))
        return
    optional = getattr(message, "is_optional", False)
    for field, value in message.ListFields():
        where = f"{path}.{field.name}" if path else field.name
        if field.name not in honoured:
            problems.append(FieldProblem(where, "this field is not supported"))
        elif optional and isinstance(value, Message) and _may_be_left_out(value, table):
            continue
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            _visit_value(field, value, table, where, problems)


def _may_be_left_out(value: Message, table: Supported) -> bool:
    """An extension that its holder marks `is_optional` and that is not supported at all."""
    if value.DESCRIPTOR.full_name != _ANY:
        return False
    type_url: str = value.type_url  # type: ignore[attr-defined]
    return type_url.rpartition("/")[2] not in table


def _visit_value(
    field: FieldDescriptor, value: object, table: Supported, path: str, problems: list[FieldProblem]
) -> None:
    if isinstance(value, Message):
        _visit(value, table, path, problems)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, Message):
                _visit(item, table, f'{path}["{key}"]', problems)
    else:
        items: list[Message] = value  # type: ignore[assignment]
        for index, item in enumerate(items):
            _visit(item, table, f"{path}[{index}]", problems)


def _visit_any(holder: Message, table: Supported, path: str, problems: list[FieldProblem]) -> None:
    type_url: str = holder.type_url  # type: ignore[attr-defined]
    if not type_url:
        return
    try:
        message = class_of_type_url(type_url)()
    except KeyError:
        problems.append(FieldProblem(path, f"unknown type {type_url}"))
        return
    message.ParseFromString(holder.value)  # type: ignore[attr-defined]
    _visit(message, table, path, problems)
