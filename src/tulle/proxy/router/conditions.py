"""What a route asks of a request besides its path (envoy.config.route.v3.RouteMatch); all must hold."""

from collections.abc import Sequence
from typing import Protocol

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import (
    CookieMatcher,
    FractionalPercent,
    HeaderMatcher,
    QueryParameterMatcher,
    RouteMatch,
)
from tulle.proxy.headers import Headers
from tulle.proxy.router.inline_headers import OF_REQUESTS, OF_RESPONSES, one_line
from tulle.proxy.router.request_parts import cookie, query_parameters
from tulle.proxy.router.string_match import (
    Problems,
    Test,
    build_regex_test,
    build_string_test,
    range_test,
    text_test,
)
from tulle.proxy.telemetry.stream_info import StreamInfo

_JOINED = OF_REQUESTS | OF_RESPONSES
_DENOMINATORS = {
    FractionalPercent.HUNDRED: 100,
    FractionalPercent.TEN_THOUSAND: 10_000,
    FractionalPercent.MILLION: 1_000_000,
}


class Condition(Protocol):
    """One thing that must hold for a route to be taken."""

    def holds(self, headers: Headers, info: StreamInfo, random_value: int) -> bool:
        """Whether it holds for this request."""


class HeaderCondition:
    """Asks for a header's value; of a header with several lines one that fits is enough."""

    # Envoy 1.40 tries the lines one by one (reloadable feature match_headers_individually); only headers that it keeps
    # in one line are joined.
    __slots__ = ("_invert", "_joined", "_missing", "_name", "_test")

    def __init__(self, name: bytes, test: Test, invert: bool, missing: bool) -> None:
        self._name = name
        self._joined = name in _JOINED
        self._test = test
        self._invert = invert
        self._missing = missing

    def holds(self, headers: Headers, info: StreamInfo | None = None, random_value: int = 0) -> bool:
        """Whether the header is as it should be."""
        value = headers.get(self._name)
        if value is None:
            return self._missing
        if headers.more is not None:
            return self._any_holds(headers)
        return self._test(value) != self._invert

    def _any_holds(self, headers: Headers) -> bool:
        values = headers.values_of(self._name)
        if self._joined:
            values = [one_line(values)]
        return any(self._test(value) for value in values) != self._invert


class QueryConditions:
    """Asks for query parameters: each must be there (or not), and its first value must pass the test."""

    __slots__ = ("_wanted",)

    def __init__(self, wanted: Sequence[tuple[bytes, Test | None, bool]]) -> None:
        self._wanted = tuple(wanted)

    def holds(self, headers: Headers, info: StreamInfo, random_value: int) -> bool:
        """Whether all parameters are as they should be."""
        found = query_parameters(headers.get(b":path", b""))
        for name, test, present in self._wanted:
            value = found.get(name)
            if test is None:
                if (value is not None) != present:
                    return False
            elif value is None or not test(value):
                return False
        return True


class CookieCondition:
    """Asks for the first value of a cookie; a cookie that is not sent fails the test."""

    __slots__ = ("_invert", "_name", "_test")

    def __init__(self, name: bytes, test: Test, invert: bool) -> None:
        self._name = name
        self._test = test
        self._invert = invert

    def holds(self, headers: Headers, info: StreamInfo, random_value: int) -> bool:
        """Whether the cookie is as it should be."""
        value = cookie(headers, self._name)
        return (value is not None and self._test(value)) != self._invert


class GrpcCondition:
    """Asks for a gRPC request: `content-type: application/grpc`, alone or with a `+suffix`."""

    __slots__ = ()

    def holds(self, headers: Headers, info: StreamInfo, random_value: int) -> bool:
        """Whether the request is one of gRPC."""
        kind = headers.get(b"content-type", b"")
        return kind.startswith(b"application/grpc") and (len(kind) == 16 or kind[16:17] == b"+")


class ConnectCondition:
    """Asks for a CONNECT request, or one that wants to tunnel UDP."""

    __slots__ = ()

    def holds(self, headers: Headers, info: StreamInfo, random_value: int) -> bool:
        """Whether the request opens a tunnel."""
        return headers.get(b":method") == b"CONNECT" or headers.get(b"upgrade", b"").lower() == b"connect-udp"


class FractionCondition:
    """Holds for a share of all requests, by the request's random value."""

    __slots__ = ("_denominator", "_numerator")

    def __init__(self, proto: FractionalPercent) -> None:
        self._numerator = proto.numerator
        self._denominator = _DENOMINATORS[proto.denominator]

    def holds(self, headers: Headers, info: StreamInfo, random_value: int) -> bool:
        """Whether this request belongs to the share."""
        return self.hits(random_value)

    def hits(self, random_value: int) -> bool:
        """Whether a random value belongs to the share."""
        return random_value % self._denominator < self._numerator


def build_conditions(match: RouteMatch, path: str, problems: Problems) -> tuple[Condition, ...]:
    """All conditions of a RouteMatch but its path's, the cheap ones first."""
    conditions: list[Condition] = []
    if match.HasField("runtime_fraction"):
        conditions.append(FractionCondition(match.runtime_fraction.default_value))
    if match.HasField("grpc"):
        conditions.append(GrpcCondition())
    conditions.extend(build_header_conditions(match.headers, f"{path}.headers", problems))
    if match.query_parameters:
        conditions.append(_build_query_conditions(match.query_parameters, f"{path}.query_parameters", problems))
    for index, proto in enumerate(match.cookies):
        conditions.append(_build_cookie_condition(proto, f"{path}.cookies[{index}]", problems))
    asked = {field.name for field, _ in match.ListFields()}
    for name in sorted(asked & {"tls_context", "dynamic_metadata", "filter_state"}):
        problems.append(FieldProblem(f"{path}.{name}", "this field is not supported"))
    return tuple(conditions)


def build_header_conditions(
    matchers: Sequence[HeaderMatcher], path: str, problems: Problems
) -> tuple[HeaderCondition, ...]:
    """The conditions of a list of HeaderMatchers."""
    return tuple(
        _build_header_condition(matcher, f"{path}[{index}]", problems) for index, matcher in enumerate(matchers)
    )


def _build_header_condition(matcher: HeaderMatcher, path: str, problems: Problems) -> HeaderCondition:
    name = matcher.name.lower().encode()
    if name == b"host":
        name = b":authority"
    invert, treat = matcher.invert_match, matcher.treat_missing_header_as_empty
    kind = matcher.WhichOneof("header_match_specifier")
    if kind is None or kind == "present_match":
        present = True if kind is None else matcher.present_match
        return HeaderCondition(name, lambda value: present, invert, (present if treat else not present) != invert)
    test = _build_header_test(matcher, kind, path, problems)
    return HeaderCondition(name, test, invert, treat and test(b"") != invert)


def _build_header_test(matcher: HeaderMatcher, kind: str, path: str, problems: Problems) -> Test:
    if kind == "string_match":
        return build_string_test(matcher.string_match, f"{path}.string_match", problems)
    if kind == "safe_regex_match":
        return build_regex_test(matcher.safe_regex_match, f"{path}.safe_regex_match", problems)
    if kind == "range_match":
        return range_test(matcher.range_match)
    text: bytes = getattr(matcher, kind).encode()
    if kind == "exact_match" and not text:
        return lambda value: True  # Envoy: HeaderDataExactMatch takes any value for an empty text
    return text_test(kind.removesuffix("_match"), text)


def _build_query_conditions(
    matchers: Sequence[QueryParameterMatcher], path: str, problems: Problems
) -> QueryConditions:
    wanted: list[tuple[bytes, Test | None, bool]] = []
    for index, matcher in enumerate(matchers):
        kind = matcher.WhichOneof("query_parameter_match_specifier")
        test: Test | None = None
        if kind == "string_match":
            test = build_string_test(matcher.string_match, f"{path}[{index}].string_match", problems)
        wanted.append((matcher.name.encode(), test, kind != "present_match" or matcher.present_match))
    return QueryConditions(wanted)


def _build_cookie_condition(matcher: CookieMatcher, path: str, problems: Problems) -> CookieCondition:
    test = build_string_test(matcher.string_match, f"{path}.string_match", problems)
    return CookieCondition(matcher.name.encode(), test, matcher.invert_match)
