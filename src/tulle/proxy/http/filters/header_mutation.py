"""Changes headers and trailers, one change after the other (envoy.filters.http.header_mutation)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import HeaderMutation as HeaderMutationProto
from tulle.protos.messages import HeaderMutationPerRoute, HeaderMutationRule, HeaderMutations, HeaderValueOption
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import CONTINUE, HttpFilter, Verdict
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.router.header_edits import Text, build_text
from tulle.proxy.router.inline_headers import OF_REQUESTS, OF_RESPONSES, one_line
from tulle.proxy.router.string_match import Test, build_string_test
from tulle.proxy.telemetry.stream_info import StreamInfo

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

_HTTP = "envoy.extensions.filters.http.header_mutation.v3."
_RULES = "envoy.config.common.mutation_rules.v3."
SUPPORTED: dict[str, frozenset[str]] = {
    f"{_HTTP}HeaderMutation": frozenset({"mutations", "most_specific_header_mutations_wins"}),
    f"{_HTTP}HeaderMutationPerRoute": frozenset({"mutations"}),
    f"{_HTTP}Mutations": frozenset(
        {"request_mutations", "response_mutations", "request_trailers_mutations", "response_trailers_mutations"}
    ),
    f"{_RULES}HeaderMutation": frozenset({"remove", "append", "remove_on_match"}),
    f"{_RULES}HeaderMutation.RemoveOnMatch": frozenset({"key_matcher"}),
}

_SIDES = ("request_mutations", "response_mutations", "request_trailers_mutations", "response_trailers_mutations")
REQUEST, RESPONSE, REQUEST_TRAILERS, RESPONSE_TRAILERS = range(4)
_NEEDED = frozenset({b":method", b":path", b":authority", b":scheme", b":status", b"host"})


class Mutation(Protocol):
    """One change."""

    def apply(self, headers: Headers, info: StreamInfo) -> None:
        """Makes it."""


class Removal:
    """Takes out all lines of a name."""

    __slots__ = ("_name",)

    def __init__(self, name: bytes) -> None:
        self._name = name

    def apply(self, headers: Headers, info: StreamInfo) -> None:
        """Makes the change."""
        headers.remove(self._name)


class MatchedRemoval:
    """Takes out all whose names pass a test; what a message cannot be without stays."""

    __slots__ = ("_test",)

    def __init__(self, test: Test) -> None:
        self._test = test

    def apply(self, headers: Headers, info: StreamInfo) -> None:
        """Makes the change."""
        for name in [name for name in headers if not name.startswith(b":") and self._test(name)]:
            headers.remove(name)


class Addition:
    """Adds or overwrites a header; its value is made when its turn comes, from what earlier changes left."""

    __slots__ = ("_action", "_joins", "_keeps_empty", "_name", "_text")

    def __init__(self, name: bytes, option: HeaderValueOption, joins: bool, text: bytes | Text) -> None:
        self._name = name
        self._action: int = option.append_action
        if option.HasField("append") and not option.append.value:
            self._action = HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
        self._joins = joins
        self._keeps_empty = option.keep_empty_value
        self._text = text

    def apply(self, headers: Headers, info: StreamInfo) -> None:
        """Makes the change."""
        text, name, action = self._text, self._name, self._action
        value = text if isinstance(text, bytes) else text(info)
        if not value and not self._keeps_empty:
            return
        if name not in headers:
            if action != HeaderValueOption.OVERWRITE_IF_EXISTS:
                headers[name] = value
        elif action == HeaderValueOption.APPEND_IF_EXISTS_OR_ADD:
            if self._joins:
                headers.set(name, one_line([*headers.values_of(name), value]))
            else:
                headers.add(name, value)
        elif action != HeaderValueOption.ADD_IF_ABSENT:
            headers.set(name, value)


class Mutations:
    """The changes of one place to the four kinds of headers."""

    __slots__ = ("sides",)

    def __init__(self, sides: Sequence[tuple[Mutation, ...]]) -> None:
        self.sides = tuple(sides)


class RouteMutations:
    """Those of a route and of all less specific places, the least specific first."""

    __slots__ = ("_specific_first", "_specific_last", "levels")

    def __init__(self, levels: tuple[Mutations, ...]) -> None:
        self.levels = levels
        self._specific_last = tuple(
            tuple(each for level in levels for each in level.sides[side]) for side in range(len(_SIDES))
        )
        self._specific_first = tuple(
            tuple(each for level in levels[::-1] for each in level.sides[side]) for side in range(len(_SIDES))
        )

    def over(self, less_specific: object) -> "RouteMutations":
        """These on top of others."""
        if not isinstance(less_specific, RouteMutations):
            return self
        return RouteMutations((*less_specific.levels, *self.levels))

    def in_order(self, side: int, specific_last: bool) -> tuple[Mutation, ...]:
        """The changes to one kind of headers; what comes last wins."""
        return self._specific_last[side] if specific_last else self._specific_first[side]


class HeaderMutation(HttpFilter):
    """Makes its own changes, then those of the route."""

    __slots__ = ("_own", "_specific_last")

    def __init__(self, own: Mutations, most_specific_wins: bool) -> None:
        self._own = own.sides
        self._specific_last = most_specific_wins

    def _change(self, stream: "Stream", headers: Headers, side: int) -> None:
        for each in self._own[side]:
            each.apply(headers, stream)
        settings = stream.settings
        if settings:
            found = settings.get(self.name)
            if isinstance(found, RouteMutations):
                for each in found.in_order(side, self._specific_last):
                    each.apply(headers, stream)

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Changes the request."""
        if self._own[0] or stream.settings:
            self._change(stream, stream.request, REQUEST)
        return CONTINUE

    def on_request_trailers(self, stream: "Stream", trailers: Headers) -> Verdict:
        """Changes what stands behind the request's body."""
        self._change(stream, trailers, REQUEST_TRAILERS)
        return CONTINUE

    def on_response_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Changes the response."""
        if (self._own[1] or stream.settings) and stream.response is not None:
            self._change(stream, stream.response, RESPONSE)
        return CONTINUE

    def on_response_trailers(self, stream: "Stream", trailers: Headers) -> Verdict:
        """Changes what stands behind the response's body."""
        self._change(stream, trailers, RESPONSE_TRAILERS)
        return CONTINUE


def build_header_mutation(config: bytes, stat_prefix: str, services: FilterServices) -> HeaderMutation:
    """From the filter's message; InvalidInput with all that is wrong."""
    proto = HeaderMutationProto.FromString(config)
    return HeaderMutation(_build(proto.mutations), proto.most_specific_header_mutations_wins)


def build_route_mutations(config: bytes) -> RouteMutations:
    """From the message of a route; InvalidInput with all that is wrong."""
    return RouteMutations((_build(HeaderMutationPerRoute.FromString(config).mutations),))


def _build(proto: HeaderMutations) -> Mutations:
    problems: list[FieldProblem] = []
    sides = []
    for number, side in enumerate(_SIDES):
        inline = OF_RESPONSES if number in (RESPONSE, RESPONSE_TRAILERS) else OF_REQUESTS
        sides.append(
            tuple(
                _build_one(each, inline, f"mutations.{side}[{index}]", problems)
                for index, each in enumerate(getattr(proto, side))
            )
        )
    if problems:
        raise InvalidInput(problems)
    return Mutations(sides)


def _build_one(
    proto: HeaderMutationRule, inline: frozenset[bytes], path: str, problems: list[FieldProblem]
) -> Mutation:
    kind = proto.WhichOneof("action")
    if kind == "remove":
        name = proto.remove.lower().encode()
        if name in _NEEDED:
            problems.append(FieldProblem(f"{path}.remove", "what a message cannot be without may not be removed"))
        return Removal(name)
    if kind == "remove_on_match":
        where = f"{path}.remove_on_match.key_matcher"
        return MatchedRemoval(build_string_test(proto.remove_on_match.key_matcher, where, problems))
    option = proto.append
    name = option.header.key.lower().encode()
    if name.startswith(b":") or name == b"host":
        problems.append(FieldProblem(f"{path}.append.header.key", ":-prefixed or host headers may not be modified"))
    text = build_text(option.header.value, f"{path}.append.header.value", problems)
    return Addition(name, option, name in inline, text)
