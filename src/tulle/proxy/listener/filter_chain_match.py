"""Which filter chain serves a connection: Envoy's nine criteria, one after the other, without backtracking."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Generic, NamedTuple, TypeVar

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import CidrRange, FilterChainMatch
from tulle.proxy.listener.match_steps import (
    ANY,
    ApplicationProtocols,
    DestinationIp,
    DestinationPort,
    DirectSourceIp,
    Leaf,
    Node,
    ServerName,
    SourceIp,
    SourcePort,
    SourceType,
    TransportProtocol,
)

C = TypeVar("C")


class Candidate(NamedTuple, Generic[C]):
    """A chain and what it wants; `path` leads to its match in errors."""

    path: str
    match: FilterChainMatch
    chain: C


class _Criterion(NamedTuple):
    read: Callable[[FilterChainMatch], Sequence[Hashable]]  # no value: the criterion is left open
    step: Callable[[Mapping[Hashable, Any]], Any]


def _networks(ranges: Iterable[CidrRange]) -> list[Hashable]:
    found: list[Hashable] = []
    for cidr in ranges:
        longest = 128 if ":" in cidr.address_prefix else 32  # Envoy cuts longer prefixes down to this
        length = min(cidr.prefix_len.value, longest)
        found.append(ip_network(f"{cidr.address_prefix}/{length}", strict=False))
    return found


_CRITERIA = (
    _Criterion(
        lambda match: [match.destination_port.value] if match.HasField("destination_port") else [], DestinationPort
    ),
    _Criterion(lambda match: _networks(match.prefix_ranges), DestinationIp),
    _Criterion(lambda match: [name.lower().removeprefix("*") for name in match.server_names], ServerName),
    _Criterion(lambda match: [match.transport_protocol] if match.transport_protocol else [], TransportProtocol),
    _Criterion(lambda match: list(match.application_protocols), ApplicationProtocols),
    _Criterion(lambda match: _networks(match.direct_source_prefix_ranges), DirectSourceIp),
    _Criterion(lambda match: [match.source_type] if match.source_type else [], SourceType),
    _Criterion(lambda match: _networks(match.source_prefix_ranges), SourceIp),
    _Criterion(lambda match: list(match.source_ports), SourcePort),
)


def build_matcher(candidates: Sequence[Candidate[C]]) -> Node[C]:
    """A matcher for these chains; InvalidInput when a match is malformed or two of them overlap.

    Each step keeps the chains with the most specific value that fits the connection and forgets all others, also when
    a later step then finds nothing (Envoy: filter_chain_manager_impl.cc).
    """
    problems = [problem for candidate in candidates for problem in _check(candidate.match, candidate.path)]
    if problems:
        raise InvalidInput(problems)
    node = _build(list(candidates), 0, problems)
    if problems:
        raise InvalidInput(list(dict.fromkeys(problems)))
    return node


def _build(candidates: list[Candidate[C]], depth: int, problems: list[FieldProblem]) -> Node[C]:
    if depth == len(_CRITERIA):
        for later in candidates[1:]:
            first = candidates[0].path
            problems.append(FieldProblem(later.path, f"matches connections that {first} matches as well"))
        return Leaf(candidates[0].chain if candidates else None)
    criterion = _CRITERIA[depth]
    by_value: dict[Hashable, list[Candidate[C]]] = {}
    for candidate in candidates:
        for value in dict.fromkeys(criterion.read(candidate.match) or [ANY]):
            by_value.setdefault(value, []).append(candidate)
    if not by_value.keys() - {ANY}:
        return _build(candidates, depth + 1, problems)
    node: Node[C] = criterion.step({value: _build(group, depth + 1, problems) for value, group in by_value.items()})
    return node


def _check(match: FilterChainMatch, path: str) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    for field in ("prefix_ranges", "direct_source_prefix_ranges", "source_prefix_ranges"):
        for index, cidr in enumerate(getattr(match, field)):
            try:
                _networks([cidr])
            except ValueError:
                text = f"{cidr.address_prefix} is not an IP address"
                problems.append(FieldProblem(f"{path}.{field}[{index}].address_prefix", text))
    for index, name in enumerate(match.server_names):
        if "*" in name and not name.startswith("*."):
            text = f"{name} is not supported: a wildcard stands for the first labels, as in *.example.com"
            problems.append(FieldProblem(f"{path}.server_names[{index}]", text))
    return problems
