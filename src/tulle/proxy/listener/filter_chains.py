"""The filter chains of a listener, built from their messages; unchanged ones are carried over from its predecessor."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple, TypeVar

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import FilterChain as FilterChainProto
from tulle.protos.messages import Listener as ListenerProto
from tulle.proxy.listener.filter_chain_match import Candidate, build_matcher
from tulle.proxy.listener.listener_filter import ListenerFilters
from tulle.proxy.listener.match_steps import Leaf, Node
from tulle.proxy.network.network_filter import ConnectionFilters, ConnectionHandler, ListenerFacts, NetworkFilters, Take
from tulle.proxy.network.transport_socket import TransportSockets
from tulle.proxy.telemetry.connection_info import ConnectionInfo

T = TypeVar("T")


class Extensions(NamedTuple):
    """What may stand in a listener, by type URL."""

    network_filters: NetworkFilters
    listener_filters: ListenerFilters
    transport_sockets: TransportSockets = {}
    connection_filters: ConnectionFilters = {}


class FilterChain:
    """One chain: `take` is where a connection enters it."""

    __slots__ = ("handler", "name", "take")

    def __init__(self, name: str, handler: ConnectionHandler, take: Take) -> None:
        self.name = name
        self.handler = handler
        self.take = take


class FilterChains(NamedTuple):
    """All chains of a listener, by serialized message, and how one is found."""

    by_bytes: Mapping[bytes, FilterChain]
    matcher: Node[FilterChain]
    default: FilterChain | None

    def find(self, info: ConnectionInfo) -> FilterChain | None:
        """The chain for a connection."""
        return self.matcher.find(info) or self.default


def build_filter_chains(
    proto: ListenerProto, facts: ListenerFacts, extensions: Extensions, known: Mapping[bytes, FilterChain]
) -> FilterChains:
    """All chains of `proto`; those that stand in `known` are used again. InvalidInput with every problem."""
    problems: list[FieldProblem] = []
    built: dict[bytes, FilterChain] = {}

    def chain_of(message: FilterChainProto, path: str) -> FilterChain | None:
        key = message.SerializeToString(deterministic=True)
        chain = built.get(key) or known.get(key)
        if chain is None:
            try:
                chain = _build_chain(message, facts, extensions, path)
            except InvalidInput as error:
                problems.extend(error.problems)
                return None
        built[key] = chain
        return chain

    candidates: list[Candidate[FilterChain | None]] = []
    for index, message in enumerate(proto.filter_chains):
        path = f"filter_chains[{index}]"
        chain = chain_of(message, path)
        candidates.append(Candidate(f"{path}.filter_chain_match", message.filter_chain_match, chain))
    default = chain_of(proto.default_filter_chain, "default_filter_chain") if _has_default(proto) else None
    matcher: Node[FilterChain | None] = Leaf(None)
    try:
        matcher = build_matcher(candidates)
    except InvalidInput as error:
        problems.extend(error.problems)
    if problems:
        raise InvalidInput(problems)
    return FilterChains(built, matcher, default)  # type: ignore[arg-type]  # no chain is None without a problem


def _has_default(proto: ListenerProto) -> bool:
    return proto.HasField("default_filter_chain")


def _build_chain(proto: FilterChainProto, facts: ListenerFacts, extensions: Extensions, path: str) -> FilterChain:
    problems = _check_order(proto, extensions, path)
    if problems:
        raise InvalidInput(problems)
    *before, last = proto.filters
    where = f"{path}.filters[{len(before)}].typed_config"
    build_handler = partial(extensions.network_filters[last.typed_config.type_url], last.typed_config.value, facts)
    handler = _built(build_handler, where)
    take: Take = handler.take
    for index, each in reversed(list(enumerate(before))):
        config = each.typed_config
        build = partial(extensions.connection_filters[config.type_url], config.value, facts, take)
        take = _built(build, f"{path}.filters[{index}].typed_config")
    if proto.HasField("transport_socket"):
        take = _behind_transport_socket(proto, facts, extensions.transport_sockets, path, take)
    return FilterChain(proto.name, handler, take)


def _check_order(proto: FilterChainProto, extensions: Extensions, path: str) -> list[FieldProblem]:
    """Filters must be known, and exactly the last one must be terminal."""
    problems: list[FieldProblem] = []
    if not proto.filters:
        problems.append(FieldProblem(f"{path}.filters", "wants a filter"))
    for index, each in enumerate(proto.filters):
        where, type_url = f"{path}.filters[{index}]", each.typed_config.type_url
        is_last, is_terminal = index == len(proto.filters) - 1, type_url in extensions.network_filters
        if not is_terminal and type_url not in extensions.connection_filters:
            text = f"{type_url or 'nothing'} is not a supported network filter"
            problems.append(FieldProblem(f"{where}.typed_config", text))
        elif is_terminal != is_last:
            text = "must stand last, as it is terminal" if is_terminal else "must be terminal, as it stands last"
            problems.append(FieldProblem(where, text))
    return problems


def _built(build: Callable[[], T], path: str) -> T:
    try:
        return build()
    except InvalidInput as error:
        raise InvalidInput(below(path, error.problems)) from error


def _behind_transport_socket(
    proto: FilterChainProto, facts: ListenerFacts, known: TransportSockets, path: str, take: Take
) -> Take:
    where = f"{path}.transport_socket"
    type_url = proto.transport_socket.typed_config.type_url
    build = known.get(type_url)
    if build is None:
        text = f"{type_url or proto.transport_socket.name} is not a supported transport socket"
        raise InvalidInput([FieldProblem(where, text)])
    socket = _built(partial(build, proto.transport_socket.typed_config.value, facts), f"{where}.typed_config")
    if socket is None:
        return take
    enter = socket.accept
    timeout_s = proto.transport_socket_connect_timeout.ToNanoseconds() / 1e9

    def accept(transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        enter(transport, info, received, take, timeout_s)

    return accept


def below(prefix: str, problems: tuple[FieldProblem, ...]) -> list[FieldProblem]:
    """The same problems, told from further up."""
    return [
        FieldProblem(".".join(part for part in (prefix, problem.path) if part), problem.message, problem.place)
        for problem in problems
    ]
