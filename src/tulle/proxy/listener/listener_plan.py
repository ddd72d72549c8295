"""From a `Listener` message to what a worker needs to serve it, without sockets."""

from collections.abc import Mapping
from typing import NamedTuple

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import Address
from tulle.protos.messages import Listener as ListenerProto
from tulle.proxy.listener.filter_chains import Extensions, FilterChain, FilterChains, below, build_filter_chains
from tulle.proxy.listener.listener_filter import ListenerFilter
from tulle.proxy.network.addresses import SocketName, ip_name, name_of
from tulle.proxy.network.network_filter import DEFAULT_BUFFER_LIMIT, ListenerFacts
from tulle.proxy.telemetry.stats import StatsStore

_ORIGINAL_DST = "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst"


class ListenerPlan(NamedTuple):
    """What a `Listener` message describes, built and free of problems."""

    proto: ListenerProto
    addresses: tuple[SocketName, ...]
    stats_prefix: str
    filters: tuple[ListenerFilter, ...]
    chains: FilterChains


def plan_listener(
    proto: ListenerProto,
    extensions: Extensions,
    stats: StatsStore,
    known: Mapping[bytes, FilterChain],
) -> ListenerPlan:
    """Builds everything but the sockets; `known` chains are used again. InvalidInput with everything that is wrong."""
    problems: list[FieldProblem] = []
    addresses = tuple(
        _address(each) for each in [proto.address, *(more.address for more in proto.additional_addresses)]
    )
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
    return ListenerPlan(proto, addresses, stats_prefix, filters, chains)


def _build_filters(
    proto: ListenerProto, extensions: Extensions, stats: StatsStore, problems: list[FieldProblem]
) -> tuple[ListenerFilter, ...]:
    found: list[ListenerFilter] = []
    configs = [(each.typed_config.type_url, each.typed_config.value) for each in proto.listener_filters]
    if proto.use_original_dst.value and _ORIGINAL_DST not in (type_url for type_url, _ in configs):
        configs.append((_ORIGINAL_DST, b""))  # Envoy: ListenerImpl::buildOriginalDstListenerFilter
    for index, (type_url, config) in enumerate(configs):
        path = f"listener_filters[{index}].typed_config"
        build = extensions.listener_filters.get(type_url)
        if build is None:
            text = f"{type_url or 'nothing'} is not a supported listener filter"
            problems.append(FieldProblem(path, text))
            continue
        try:
            found.append(build(config, stats))
        except InvalidInput as error:
            problems.extend(below(path, error.problems))
    return tuple(found)


def _address(proto: Address) -> SocketName:
    if proto.WhichOneof("address") == "pipe":
        return name_of(proto.pipe.path)
    return ip_name(proto.socket_address.address, proto.socket_address.port_value)


def check_listener(proto: ListenerProto, extensions: Extensions) -> list[FieldProblem]:
    """What keeps `proto` from being served, beyond fields that are not supported; builds it and throws it away."""
    try:
        plan_listener(proto, extensions, StatsStore(), {})
    except InvalidInput as error:
        return list(error.problems)
    return []
