"""Plain values to structs: fast when all is well, and every problem with its path when it is not."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import inspect

from tulle.foundation.yaml import Path, did_you_mean

T = TypeVar("T")


def read_struct(kind: type[T], value: object) -> tuple[T | None, list[tuple[Path, str]]]:
    """The struct that `value` describes, or None and each (path, message) that keeps it from being one."""
    try:
        return msgspec.convert(value, kind), []
    except msgspec.ValidationError as error:
        problems: list[tuple[Path, str]] = []
        _check(inspect.type_info(kind), value, (), problems)
        # The fast path is the law: what it alone refuses is reported in its words.
        return None, problems or [((), str(error))]


def _check(info: inspect.Type, value: object, path: Path, problems: list[tuple[Path, str]]) -> None:
    if isinstance(info, inspect.StructType):
        _check_struct(info, value, path, problems)
    elif isinstance(info, inspect.VarTupleType):
        if not isinstance(value, list):
            problems.append((path, f"wants a list and got {_describe(value)}"))
            return
        for index, item in enumerate(value):
            _check(info.item_type, item, (*path, index), problems)
    elif isinstance(info, inspect.DictType):
        if not isinstance(value, Mapping):
            problems.append((path, f"wants an object and got {_describe(value)}"))
            return
        for key, item in value.items():
            _check(info.value_type, item, (*path, str(key)), problems)
    elif isinstance(info, inspect.UnionType):
        _check_union(info, value, path, problems)
    else:
        message = _scalar_problem(info, value)
        if message:
            problems.append((path, message))


def _check_struct(info: inspect.StructType, value: object, path: Path, problems: list[tuple[Path, str]]) -> None:
    if not isinstance(value, Mapping):
        problems.append((path, f"wants an object and got {_describe(value)}"))
        return
    fields = {field.encode_name: field for field in info.fields}
    for key, item in value.items():
        field = fields.get(key)
        if field is not None:
            _check(field.type, item, (*path, key), problems)
        elif info.forbid_unknown_fields:
            close = did_you_mean(str(key), fields)
            problems.append(((*path, str(key)), "unknown field" + (f"; did you mean {close}?" if close else "")))
    for name, field in fields.items():
        if field.required and name not in value:
            problems.append((path, f"{name} must be set"))


def _check_union(info: inspect.UnionType, value: object, path: Path, problems: list[tuple[Path, str]]) -> None:
    if value is None and any(isinstance(item, inspect.NoneType) for item in info.types):
        return
    members = [item for item in info.types if not isinstance(item, inspect.NoneType)]
    found: list[tuple[Path, str]] = []
    for member in members:
        found = []
        _check(member, value, path, found)
        if not found:
            return
    problems.extend(found)


_WANTS: dict[type[inspect.Type], tuple[type | tuple[type, ...], str]] = {
    inspect.StrType: (str, "text"),
    inspect.IntType: (int, "a whole number"),
    inspect.FloatType: ((int, float), "a number"),
    inspect.BoolType: (bool, "true or false"),
}


def _scalar_problem(info: inspect.Type, value: object) -> str:
    if isinstance(info, inspect.LiteralType):
        if value in info.values:
            return ""
        close = did_you_mean(str(value), [str(item) for item in info.values])
        names = ", ".join(str(item) for item in info.values)
        return f"{value!r} is none of {names}" + (f"; did you mean {close}?" if close else "")
    wanted = _WANTS.get(type(info))
    if wanted is None:
        return ""
    kinds, name = wanted
    fits = isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
    return "" if fits else f"wants {name} and got {_describe(value)}"


def _describe(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list) else repr(value)
