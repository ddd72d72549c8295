"""When a listener filter is left out (ListenerFilter.filter_disabled)."""

from collections.abc import Callable

from tulle.protos.messages import ListenerFilterChainMatchPredicate as PredicateProto
from tulle.proxy.telemetry.connection_info import ConnectionInfo

Predicate = Callable[[ConnectionInfo], bool]


def build_predicate(proto: PredicateProto) -> Predicate:
    """Asked for each connection when the filter's turn comes, so that filters before it may have changed the port."""
    match proto.WhichOneof("rule"):
        case "or_match":
            alternatives = [build_predicate(rule) for rule in proto.or_match.rules]
            return lambda info: any(matches(info) for matches in alternatives)
        case "and_match":
            conditions = [build_predicate(rule) for rule in proto.and_match.rules]
            return lambda info: all(matches(info) for matches in conditions)
        case "not_match":
            inner = build_predicate(proto.not_match)
            return lambda info: not inner(info)
        case "destination_port_range":
            ports = range(proto.destination_port_range.start, proto.destination_port_range.end)
            return lambda info: info.local_port in ports
    return lambda info: True
