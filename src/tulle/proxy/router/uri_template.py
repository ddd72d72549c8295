"""URI templates for paths: `/videos/{id}/**` (envoy.path.match.uri_template and .rewrite.uri_template)."""

import re

from tulle.proxy.headers import Headers
from tulle.proxy.router.patterns import Pattern, compile_pattern
from tulle.proxy.router.request_parts import path_of
from tulle.proxy.telemetry.stream_info import StreamInfo

# Envoy: uri_template_internal.cc; characters of a literal are RFC 3986's pchar without `*` and `=`.
_CHARACTERS = "a-zA-Z0-9-._~%!$&'()+,;:@"
_LITERAL = re.compile(f"[{_CHARACTERS}]+")
_REWRITE_LITERAL = re.compile(f"[{_CHARACTERS}/]+")
_NAME = re.compile("[a-zA-Z][a-zA-Z0-9_]*")
_PRINTABLE = re.compile("/[!-~]*")
_MOST_VARIABLES = 5
_LONGEST_NAME = 16
_ONE_SEGMENT = f"[{_CHARACTERS}]+"
_ANY_TEXT = f"[{_CHARACTERS}/]*"


class BadTemplate(ValueError):
    """A template that Envoy would not accept; the message says why."""


class UriTemplate:
    """A template that matches paths; it is also a condition of a route."""

    __slots__ = ("pattern", "text", "variables")

    def __init__(self, text: str) -> None:
        self.text = text
        parser = _Parser(text)
        self.pattern: Pattern = compile_pattern(parser.regex(), capture=True)
        self.variables: tuple[str, ...] = tuple(parser.names)

    def holds(self, headers: Headers, info: StreamInfo, random_value: int) -> bool:
        """Whether the path of a request fits."""
        target = headers.get(b":path")
        return target is not None and self.pattern.fits(path_of(target))


class TemplateRewrite:
    """A path made of the variables that a template found."""

    __slots__ = ("_parts", "_pattern")

    def __init__(self, text: str, template: UriTemplate) -> None:
        self._pattern = template.pattern
        self._parts: list[bytes | int] = []
        for literal, variable in _parse_rewrite(text):
            if literal:
                self._parts.append(literal.encode())
            if variable:
                if variable not in template.variables:
                    raise BadTemplate(f"mismatch between variables in {template.text} and {text}")
                self._parts.append(template.pattern.group_names[variable])

    def apply(self, path: bytes) -> bytes:
        """The new path; the old one when the template does not fit any more."""
        spans = self._pattern.capture(path)
        if spans is None:
            return path
        return b"".join(
            part if isinstance(part, bytes) else path[spans[part][0] : spans[part][1]] for part in self._parts
        )


class _Parser:
    """Reads a template from left to right into a regular expression."""

    def __init__(self, text: str) -> None:
        if not _PRINTABLE.fullmatch(text):
            raise BadTemplate(f'Invalid pattern: "{text}"')
        self.names: list[str] = []
        self._rest = text[1:]
        self._seen_any_text = False

    def regex(self) -> str:
        """The expression that whole paths must match."""
        segments: list[str] = []
        suffix = ""
        while self._rest:
            segments.append(self._segment())
            if self._rest == "/":
                segments.append("")
                break
            if self._rest.startswith("/"):
                self._rest = self._rest[1:]
            elif self._rest:
                suffix = self._literal()
                if self._rest:
                    raise BadTemplate("Prefix match not supported.")
        return "/" + "/".join(segments) + suffix

    def _segment(self) -> str:
        if self._rest.startswith("*"):
            return self._operator()
        if self._rest.startswith("{"):
            return self._variable()
        return self._literal()

    def _literal(self) -> str:
        literal, slash, rest = self._rest.partition("/")
        self._rest = slash + rest
        return _escaped(literal)

    def _operator(self) -> str:
        double = self._rest.startswith("**")
        self._rest = self._rest[2 if double else 1 :]
        return self._glob(double)

    def _glob(self, double: bool) -> str:
        if self._seen_any_text:
            raise BadTemplate("Glob after text glob.")
        self._seen_any_text = double
        return _ANY_TEXT if double else _ONE_SEGMENT

    def _variable(self) -> str:
        inside, bracket, rest = self._rest[1:].partition("}")
        if not bracket:
            raise BadTemplate("Unmatched variable bracket")
        self._rest = rest
        name, equals, matched = inside.partition("=")
        self._add_name(name)
        if not equals:
            if self._seen_any_text:
                raise BadTemplate("Implicit variable path glob after text glob.")
            return f"(?P<{name}>{_ONE_SEGMENT})"
        if not matched:
            raise BadTemplate("Empty variable match")
        parts = [self._variable_part(part) for part in matched.split("/")]
        return f"(?P<{name}>{'/'.join(parts)})"

    def _variable_part(self, part: str) -> str:
        if part in ("*", "**"):
            return self._glob(part == "**")
        if not part or part.startswith("*"):
            raise BadTemplate("Invalid variable match")
        return _escaped(part)

    def _add_name(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise BadTemplate("Invalid variable name")
        if len(self.names) >= _MOST_VARIABLES:
            raise BadTemplate("Exceeded variable count limit")
        if len(name) > _LONGEST_NAME:
            raise BadTemplate("Invalid variable length")
        if name in self.names:
            raise BadTemplate("Repeated variable name")
        self.names.append(name)


def _escaped(literal: str) -> str:
    if not _LITERAL.fullmatch(literal):
        raise BadTemplate("Invalid literal")
    return re.sub(r"[$()+.]", r"\\\g<0>", literal)


def _parse_rewrite(text: str) -> list[tuple[str, str]]:
    """Pairs of a literal and the variable behind it; either may be empty."""
    if not text.startswith("/"):
        raise BadTemplate("Invalid rewrite variable placement")
    if "//" in text:
        raise BadTemplate("Invalid rewrite literal")
    pairs: list[tuple[str, str]] = []
    rest = text
    while rest:
        literal, bracket, rest = rest.partition("{")
        if literal and not _REWRITE_LITERAL.fullmatch(literal):
            raise BadTemplate("Invalid rewrite literal pattern")
        variable = ""
        if bracket:
            variable, closing, rest = rest.partition("}")
            if not closing:
                raise BadTemplate("Unmatched variable bracket")
            if not _NAME.fullmatch(variable):
                raise BadTemplate("Invalid variable name")
        pairs.append((literal, variable))
    return pairs
