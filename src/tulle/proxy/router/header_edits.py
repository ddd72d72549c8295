"""Headers that one level of a route configuration adds and removes (source/common/router/header_parser.cc)."""

from collections.abc import Callable, Sequence

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import HeaderValueOption
from tulle.proxy.headers import Headers
from tulle.proxy.router.inline_headers import one_line
from tulle.proxy.router.string_match import Problems
from tulle.proxy.telemetry.log_format import compile_text
from tulle.proxy.telemetry.log_operators import BadFormat
from tulle.proxy.telemetry.stream_info import StreamInfo

_ADD_IF_ABSENT = HeaderValueOption.ADD_IF_ABSENT
_OVERWRITE_IF_EXISTS = HeaderValueOption.OVERWRITE_IF_EXISTS
_OVERWRITE_OR_ADD = HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD

Text = Callable[[StreamInfo], bytes]


class _Addition:
    """One header to add or overwrite; `constant` is its value when it always applies."""

    __slots__ = ("_action", "_keeps_empty", "_text", "constant", "joins", "name", "overwrites")

    def __init__(self, name: bytes, action: int, keeps_empty: bool, text: bytes | Text) -> None:
        self.name = name
        self.overwrites = action in (_OVERWRITE_IF_EXISTS, _OVERWRITE_OR_ADD)
        self.joins = False  # set for headers that stand in one line
        self._action = action
        self._keeps_empty = keeps_empty
        self._text = text
        conditional = action in (_ADD_IF_ABSENT, _OVERWRITE_IF_EXISTS)
        fixed = isinstance(text, bytes) and not conditional and (text or keeps_empty)
        self.constant = text if fixed and isinstance(text, bytes) else None

    def value_for(self, headers: Headers, info: StreamInfo) -> bytes | None:
        """The value that this message gets; None when it gets none."""
        if self._action == _ADD_IF_ABSENT and self.name in headers:
            return None
        if self._action == _OVERWRITE_IF_EXISTS and self.name not in headers:
            return None
        text = self._text
        value = text if isinstance(text, bytes) else text(info)
        return value if value or self._keeps_empty else None

    def apply(self, headers: Headers, value: bytes) -> None:
        """Puts the value in."""
        name = self.name
        if self.overwrites:
            headers.set(name, value)
        elif name not in headers:
            headers[name] = value
        elif self.joins:
            headers.set(name, one_line([*headers.values_of(name), value]))
        else:
            headers.add(name, value)


class HeaderEdit:
    """What one level of the configuration does to a message's headers: it removes, then overwrites, then adds."""

    __slots__ = ("_additions", "_removed")

    def __init__(self, removed: Sequence[bytes], additions: Sequence[_Addition]) -> None:
        self._removed = tuple(removed)
        self._additions = tuple(sorted(additions, key=lambda addition: not addition.overwrites))

    def apply(self, headers: Headers, info: StreamInfo) -> None:
        """Changes the headers; every value is made before the first is put in, as Envoy does."""
        for name in self._removed:
            headers.remove(name)
        changes: list[tuple[_Addition, bytes]] = []
        for addition in self._additions:
            value = addition.constant
            if value is None:
                value = addition.value_for(headers, info)
                if value is None:
                    continue
            changes.append((addition, value))
        for addition, value in changes:
            addition.apply(headers, value)


class HeaderLists:
    """The two lists of one level of a proto, with their names, which problems are reported under."""

    __slots__ = ("added", "inline", "removed", "side")

    def __init__(
        self, side: str, added: Sequence[HeaderValueOption], removed: Sequence[str], inline: frozenset[bytes]
    ) -> None:
        self.side = side  # "request" or "response"
        self.added = added
        self.removed = removed
        self.inline = inline


def build_header_edit(lists: HeaderLists, path: str, problems: Problems) -> HeaderEdit | None:
    """The edit of one level; None when the level changes nothing. `path` ends with a dot when it is not empty."""
    if not lists.added and not lists.removed:
        return None
    removed: list[bytes] = []
    for index, text in enumerate(lists.removed):
        name = text.lower().encode()
        if name.startswith(b":") or name == b"host":
            where = f"{path}{lists.side}_headers_to_remove[{index}]"
            problems.append(FieldProblem(where, ":-prefixed or host headers may not be removed"))
        removed.append(name)
    additions: list[_Addition] = []
    for index, option in enumerate(lists.added):
        addition = _build_addition(option, f"{path}{lists.side}_headers_to_add[{index}]", problems)
        addition.joins = addition.name in lists.inline
        additions.append(addition)
    return HeaderEdit(removed, additions)


def _build_addition(option: HeaderValueOption, path: str, problems: Problems) -> _Addition:
    name = option.header.key.lower().encode()
    if name.startswith(b":") or name == b"host":
        problems.append(FieldProblem(f"{path}.header.key", ":-prefixed or host headers may not be modified"))
    action: int = option.append_action
    if option.HasField("append"):
        if action:
            problems.append(FieldProblem(f"{path}.append", "cannot stand beside append_action"))
        if not option.append.value:
            action = _OVERWRITE_OR_ADD
    text = build_text(option.header.value, f"{path}.header.value", problems)
    return _Addition(name, action, option.keep_empty_value, text)


def build_text(pattern: str, path: str, problems: Problems, missing: str = "") -> bytes | Text:
    """The bytes of a text without operators, else a function that makes them; a missing value leaves `missing`."""
    if "%" not in pattern:
        return pattern.encode()
    try:
        render = compile_text(pattern, missing)
    except BadFormat as error:
        problems.append(FieldProblem(path, str(error)))
        return b""
    if "%" not in pattern.replace("%%", ""):
        return pattern.replace("%%", "%").encode()
    return lambda info: render(info).encode("utf-8", "surrogateescape")
