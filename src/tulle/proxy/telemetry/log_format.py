"""Access-log formats, compiled once: `[%START_TIME%] "%REQ(:METHOD)% …"` to a function of a stream."""

import json
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from tulle.proxy.telemetry.log_operators import OPERATORS, BadFormat, Extractor, Value
from tulle.proxy.telemetry.stream_info import StreamInfo

Format = Callable[[StreamInfo], str]

# Envoy: substitution_formatter_utility, the default format of the HTTP access log.
DEFAULT_FORMAT = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% '
    "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
    '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n'
)

_OPERATOR = re.compile(r"%(?:%|([A-Z][A-Z0-9_]*)(?:\(([^)]*)\))?(?::(\d+))?%)")


def compile_text(pattern: str, missing: str = "-") -> Format:
    """The function that prints a stream in this format, with `missing` for a value that is not known.

    BadFormat names what it cannot print.
    """
    template, extractors = _parse(pattern)
    if not extractors:
        text = template % ()
        return lambda info: text

    def render(info: StreamInfo) -> str:
        return template % tuple([missing if (value := extract(info)) is None else value for extract in extractors])

    return render


def compile_json(fields: Mapping[str, object], omit_empty: bool = False) -> Format:
    """The function that prints a stream as one JSON object a line; a lone operator keeps its type, missing is null."""
    build = _compile_node(dict(fields), omit_empty)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def render(info: StreamInfo) -> str:
        return encode(build(info)) + "\n"

    return render


def _parse(pattern: str) -> tuple[str, list[Extractor]]:
    """A %-template with a `%s` for each operator, and the operators."""
    template: list[str] = []
    extractors: list[Extractor] = []
    at = 0
    while at < len(pattern):
        sign = pattern.find("%", at)
        if sign < 0:
            template.append(pattern[at:])
            break
        template.append(pattern[at:sign])
        match = _OPERATOR.match(pattern, sign)
        if match is None:
            raise BadFormat(f"{pattern[sign : sign + 24]!r} is not an operator")
        if match[1] is None:
            template.append("%%")
        else:
            template.append("%s")
            extractors.append(_extractor(match))
        at = match.end()
    return "".join(template), extractors


def _extractor(match: re.Match[str]) -> Extractor:
    name, argument, length = match[1], match[2] or "", match[3]
    factory = OPERATORS.get(name)
    if factory is None:
        close = get_close_matches(name, OPERATORS, n=1)
        hint = f"; did you mean %{close[0]}%?" if close else ""
        raise BadFormat(f"the operator %{name}% is not supported{hint}")
    try:
        extract = factory(argument)
    except BadFormat as error:
        raise BadFormat(f"%{name}%: {error}") from error
    return extract if length is None else _truncated(extract, int(length))


def _truncated(extract: Extractor, length: int) -> Extractor:
    def shorter(info: StreamInfo) -> Value:
        value = extract(info)
        return value[:length] if isinstance(value, str) else value

    return shorter


Builder = Callable[[StreamInfo], object]


def _compile_node(node: object, omit_empty: bool) -> Builder:
    if isinstance(node, Mapping):
        return _compile_object({str(key): _compile_node(node[key], omit_empty) for key in sorted(node)}, omit_empty)
    if isinstance(node, list):
        items = [_compile_node(item, omit_empty) for item in node]
        return lambda info: [item(info) for item in items]
    if isinstance(node, str):
        template, extractors = _parse(node)
        if template == "%s":
            return extractors[0]
        return compile_text(node)
    return lambda info: node


def _compile_object(builders: Mapping[str, Builder], omit_empty: bool) -> Builder:
    def build(info: StreamInfo) -> object:
        values = {key: builder(info) for key, builder in builders.items()}
        return {key: value for key, value in values.items() if value is not None} if omit_empty else values

    return build
