"""From a `Listener` message to what a worker needs to serve it, without sockets."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import NamedTuple

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import Address, SocketAddress
from tulle.protos.messages import Listener as ListenerProto
from tulle.protos.messages import ListenerFilter as ListenerFilterProto
from tulle.proxy.listener.filter_chains import Extensions, FilterChain, FilterChains, below, build_filter_chains
from tulle.proxy.listener.filter_predicate import Predicate, build_predicate
from tulle.proxy.listener.listener_filter import ListenerFilter
from tulle.proxy.network.addresses import SocketName, ip_name, name_of
from tulle.proxy.network.network_filter import DEFAULT_BUFFER_LIMIT, ListenerFacts
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore

_ORIGINAL_DST = "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst"
_MOST_BACKLOG = 65_535  # the kernel cuts it down to net.core.somaxconn, which is Envoy's default


class PlannedFilter(NamedTuple):
    """A listener filter, and when it is left out."""

    filter: ListenerFilter
    disabled: Predicate | None = None

    def wanted(self, info: ConnectionInfo) -> bool:
        """Whether this connection is the filter's affair."""
        return self.disabled is None or not self.disabled(info)


class ListenerPlan(NamedTuple):
    """What a `Listener` message describes, built and free of problems."""

    proto: ListenerProto
    addresses: tuple[SocketName, ...]
    stats_prefix: str
    backlog: int
    filters: tuple[PlannedFilter, ...]
    chains: FilterChains


def plan_listener(
    proto: ListenerProto,
    extensions: Extensions,
    stats: StatsStore,
    known: Mapping[bytes, FilterChain],
) -> ListenerPlan:
    """Builds everything but the sockets; `known` chains are used again. InvalidInput with everything that is wrong."""
    problems: list[FieldProblem] = []
    addresses = _read_addresses(proto, problems)
    if proto.drain_type == ListenerProto.MODIFY_ONLY:
        problems.append(FieldProblem("drain_type", "MODIFY_ONLY is not supported"))
    filters = _build_filters(proto, extensions, stats, problems)
    chains: FilterChains | None = None
    limit = proto.per_connection_buffer_limit_bytes
    stats_prefix = f"listener.{(proto.stat_prefix or addresses[0].text).replace(':', '_')}."
    facts = ListenerFacts(
        proto.name,
        addresses[0].text,
        stats_prefix,
        proto.traffic_direction,
        limit.value if proto.HasField("per_connection_buffer_limit_bytes") else DEFAULT_BUFFER_LIMIT,
    )
    try:
        chains = build_filter_chains(proto, facts, extensions, known)
    except InvalidInput as error:
        problems.extend(error.problems)
    if not proto.filter_chains and not proto.HasField("default_filter_chain"):
        problems.append(FieldProblem("filter_chains", "no filter chains specified"))
    if problems or chains is None:
        raise InvalidInput(problems)
    return ListenerPlan(proto, addresses, stats_prefix, backlog_of(proto), filters, chains)


def _build_filters(
    proto: ListenerProto, extensions: Extensions, stats: StatsStore, problems: list[FieldProblem]
) -> tuple[PlannedFilter, ...]:
    found: list[PlannedFilter] = []
    given = list(proto.listener_filters)
    if proto.use_original_dst.value and _ORIGINAL_DST not in (each.typed_config.type_url for each in given):
        implied = ListenerFilterProto()  # Envoy: ListenerImpl::buildOriginalDstListenerFilter
        implied.typed_config.type_url = _ORIGINAL_DST
        given.append(implied)
    for index, each in enumerate(given):
        path, type_url = f"listener_filters[{index}].typed_config", each.typed_config.type_url
        build = extensions.listener_filters.get(type_url)
        if build is None:
            text = f"{type_url or 'nothing'} is not a supported listener filter"
            problems.append(FieldProblem(path, text))
            continue
        disabled = build_predicate(each.filter_disabled) if each.HasField("filter_disabled") else None
        try:
            found.append(PlannedFilter(build(each.typed_config.value, stats), disabled))
        except InvalidInput as error:
            problems.extend(below(path, error.problems))
    return tuple(found)


def _read_addresses(proto: ListenerProto, problems: list[FieldProblem]) -> tuple[SocketName, ...]:
    found = [_read_address(proto.address, "address", problems)]
    for index, more in enumerate(proto.additional_addresses):
        found.append(_read_address(more.address, f"additional_addresses[{index}].address", problems))
    return tuple(found)


def _read_address(proto: Address, path: str, problems: list[FieldProblem]) -> SocketName:
    if proto.WhichOneof("address") == "pipe":
        return name_of(proto.pipe.path)
    address = proto.socket_address
    if address.protocol != SocketAddress.TCP:
        problems.append(FieldProblem(f"{path}.socket_address.protocol", "only TCP is supported"))
    try:
        ip_address(address.address)
    except ValueError:
        text = f"{address.address or 'nothing'} is not an IP address"
        problems.append(FieldProblem(f"{path}.socket_address.address", text))
    return ip_name(address.address, address.port_value)


def backlog_of(proto: ListenerProto) -> int:
    """How many connections may wait to be accepted."""
    return proto.tcp_backlog_size.value if proto.HasField("tcp_backlog_size") else _MOST_BACKLOG


def check_listener(proto: ListenerProto, extensions: Extensions) -> list[FieldProblem]:
    """What keeps `proto` from being served, beyond fields that are not supported; builds it and throws it away."""
    try:
        plan_listener(proto, extensions, StatsStore(), {})
    except InvalidInput as error:
        return list(error.problems)
    return []
