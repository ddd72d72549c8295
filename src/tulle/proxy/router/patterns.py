"""Regular expressions as Envoy means them: RE2's syntax, linear time, on bytes (source/common/common/regex.cc)."""

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

# The module's own `fullmatch` makes a match object in Python, which costs three times the match itself.
_RE2: Any = re2._re2.RE2
_BOTH_ENDS = _RE2.Anchor.ANCHOR_BOTH
_ANYWHERE = _RE2.Anchor.UNANCHORED
_LONGEST_PREFIX = 64

Spans = list[tuple[int, int]]


class BadPattern(ValueError):
    """Text that RE2 does not accept as a regular expression; the message is RE2's."""


class Pattern:
    """A compiled regular expression; whatever it matches as a whole begins with `literal_prefix`."""

    __slots__ = ("_match", "group_names", "groups", "literal_prefix", "program_size")

    def __init__(self, text: str, capture: bool) -> None:
        options: Any = re2.Options()
        options.log_errors = False
        options.encoding = re2.Options.Encoding.LATIN1  # as Envoy's: `.` is one byte
        options.never_capture = not capture
        compiled = _RE2(text.encode(), options)
        if not compiled.ok():
            raise BadPattern(_text_of(compiled.error()))
        self._match = compiled.Match
        self.groups: int = compiled.NumberOfCapturingGroups()
        self.group_names: dict[str, int] = {_text_of(name): at for name, at in compiled.NamedCapturingGroups()}
        self.program_size: int = compiled.ProgramSize()
        # What lies between two texts begins with what both begin with.
        bounded, least, most = compiled.PossibleMatchRange(_LONGEST_PREFIX)
        self.literal_prefix = _common_prefix(least, most) if bounded else b""

    def fits(self, value: bytes) -> bool:
        """Whether the pattern matches the whole value."""
        return bool(self._match(_BOTH_ENDS, value, 0, len(value))[0][0] >= 0)

    def capture(self, value: bytes) -> Spans | None:
        """The spans of a match of the whole value: of all, then of each group; None when it does not match."""
        spans: Spans = self._match(_BOTH_ENDS, value, 0, len(value))
        return spans if spans[0][0] >= 0 else None

    def search(self, value: bytes, start: int) -> Spans | None:
        """The spans of the first match at `start` or behind it."""
        spans: Spans = self._match(_ANYWHERE, value, start, len(value))
        return spans if spans[0][0] >= 0 else None


@lru_cache(maxsize=1024)
def compile_pattern(text: str, capture: bool = False) -> Pattern:
    """The pattern for a text, with groups only when they are asked for; BadPattern when RE2 rejects it."""
    return Pattern(text, capture)


class Substitution:
    """What replaces every match of a pattern in a value: text with `\\0` … `\\9` for groups (RE2::GlobalReplace)."""

    __slots__ = ("_applies", "_parts", "_pattern")

    def __init__(self, pattern: Pattern, rewrite: bytes) -> None:
        self._pattern = pattern
        self._parts, highest = _parse_rewrite(rewrite)
        # RE2 replaces nothing when the text names a group that the pattern does not have.
        self._applies = highest <= pattern.groups

    def apply(self, value: bytes) -> bytes:
        """The value with all matches replaced, from left to right."""
        if not self._applies:
            return value
        out: list[bytes] = []
        at, last_end, size = 0, -1, len(value)
        while at <= size:
            spans = self._pattern.search(value, at)
            if spans is None:
                break
            start, end = spans[0]
            out.append(value[at:start])
            if start == end == last_end:
                # No empty match right behind a match: one byte is copied instead.
                out.append(value[start : start + 1])
                at = start + 1
                continue
            self._expand(value, spans, out)
            at = last_end = end
        out.append(value[at:])
        return b"".join(out)

    def _expand(self, value: bytes, spans: Spans, out: list[bytes]) -> None:
        for part in self._parts:
            if isinstance(part, bytes):
                out.append(part)
            else:
                start, end = spans[part]
                if start >= 0:
                    out.append(value[start:end])


def _parse_rewrite(rewrite: bytes) -> tuple[list[bytes | int], int]:
    """Literals and group numbers, and the highest group; like RE2 it stops at a backslash that means nothing."""
    parts: list[bytes | int] = []
    highest = at = 0
    while at < len(rewrite):
        slash = rewrite.find(b"\\", at)
        if slash < 0:
            parts.append(rewrite[at:])
            break
        parts.append(rewrite[at:slash])
        sign = rewrite[slash + 1 : slash + 2]
        if sign == b"\\":
            parts.append(sign)
        elif sign.isdigit():
            parts.append(int(sign))
            highest = max(highest, int(sign))
        else:
            break
        at = slash + 2
    return [part for part in parts if part != b""], highest


def _common_prefix(one: bytes, other: bytes) -> bytes:
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return one[:at]
    return min(one, other, key=len)


def _text_of(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
