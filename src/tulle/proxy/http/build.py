"""From the HTTP connection manager's message to the handler that serves connections."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import HttpConnectionManager
from tulle.protos.messages import HttpFilter as HttpFilterProto
from tulle.protos.messages import Router as RouterProto
from tulle.protos.pool import type_url_of
from tulle.proxy.http.connection_manager import ConnectionManager, ManagerParts
from tulle.proxy.http.filter_api import FilterChain, HttpFilter
from tulle.proxy.http.filters.router import Router
from tulle.proxy.http.local_reply import build_local_replies
from tulle.proxy.http.log_filters import HTTP_LOG_FILTERS
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.http.settings import DEFAULT_BUFFER_LIMIT, ManagerSettings, check_settings
from tulle.proxy.http.stats import ListenerHttpStats, ManagerStats, TracingStats
from tulle.proxy.http.upstream_pools import UpstreamPools
from tulle.proxy.router.build_table import build_route_table
from tulle.proxy.router.filter_configs import FilterConfigs
from tulle.proxy.router.route_table import RouteTable
from tulle.proxy.slots import Slot
from tulle.proxy.telemetry.access_log import build_access_logs
from tulle.proxy.telemetry.log_files import LogFiles
from tulle.proxy.telemetry.stats import StatsStore

T = TypeVar("T")

_ROUTER = type_url_of(RouterProto)

# From the serialized typed_config and the stat prefix; InvalidInput with paths that begin inside it.
BuildHttpFilter = Callable[[bytes, str], HttpFilter]


class HttpServices(NamedTuple):
    """What connection managers use of the worker around them."""

    runtime: HttpRuntime
    pools: UpstreamPools
    stats: StatsStore
    log_files: LogFiles
    route_slot: Callable[[str], Slot[RouteTable | None]]  # by the name of a route configuration
    filters: Mapping[str, BuildHttpFilter]  # by type URL; the router is not among them
    filter_configs: FilterConfigs
    node: tuple[bytes, bytes] = (b"", b"")  # cluster and id of this proxy


def build_connection_manager(
    services: HttpServices, config: bytes, listener_prefix: str, buffer_limit: int = DEFAULT_BUFFER_LIMIT
) -> ConnectionManager:
    """`listener_prefix`: the stats of the listener, with a dot at the end. InvalidInput with all that is wrong."""
    proto = HttpConnectionManager.FromString(config)
    problems = check_settings(proto)
    name = proto.stat_prefix.replace(":", "_")
    stats = ManagerStats(services.stats, f"http.{name}.")
    TracingStats(services.stats, f"http.{name}.tracing.")
    logs = _collected(lambda: build_access_logs(proto.access_log, services.log_files, HTTP_LOG_FILTERS), problems)
    routes = _collected(lambda: _routes(proto, services), problems)
    chain = _collected(lambda: _chain(proto, services, stats), problems)
    replies = _collected(lambda: build_local_replies(proto.local_reply_config, "local_reply_config"), problems)
    if problems or logs is None or routes is None or chain is None or replies is None:
        raise InvalidInput(problems)
    listener_stats = ListenerHttpStats(services.stats, f"{listener_prefix}http.{name}.")
    return ConnectionManager(
        ManagerParts(
            ManagerSettings(proto),
            chain,
            routes,
            services.runtime,
            stats,
            listener_stats,
            logs,
            replies,
            services.node,
            buffer_limit,
        )
    )


def _collected(build: Callable[[], T], problems: list[FieldProblem]) -> T | None:
    try:
        return build()
    except InvalidInput as error:
        problems.extend(error.problems)
        return None


def _routes(proto: HttpConnectionManager, services: HttpServices) -> Slot[RouteTable | None]:
    if proto.WhichOneof("route_specifier") != "route_config":
        return services.route_slot(proto.rds.route_config_name)
    try:
        return Slot(build_route_table(proto.route_config, services.filter_configs))
    except InvalidInput as error:
        raise InvalidInput(_below("route_config", error.problems)) from error


def _below(path: str, problems: "list[FieldProblem] | tuple[FieldProblem, ...]") -> list[FieldProblem]:
    return [FieldProblem(f"{path}.{found.path}" if found.path else path, found.message) for found in problems]


def _chain(proto: HttpConnectionManager, services: HttpServices, stats: ManagerStats) -> FilterChain:
    problems: list[FieldProblem] = []
    filters: list[HttpFilter] = []
    router: Router | None = None
    prefix = f"http.{proto.stat_prefix.replace(':', '_')}."
    for index, item in enumerate(proto.http_filters):
        path = f"http_filters[{index}]"
        if item.typed_config.type_url == _ROUTER:
            router = _router(item, services, stats)
            if index != len(proto.http_filters) - 1:
                text = f"the terminal filter {item.name} must be the last filter of the chain"
                problems.append(FieldProblem(path, text))
            if item.disabled:
                problems.append(FieldProblem(f"{path}.disabled", "the last filter of the chain may not be disabled"))
            continue
        try:
            made = _filter(item, services.filters, prefix)
            filters += [] if made is None else [made]
        except InvalidInput as error:
            problems.extend(_below(path, error.problems))
    if router is None and not problems:
        problems.append(FieldProblem("http_filters", "the last filter of the chain must be envoy.filters.http.router"))
    if problems or router is None:
        raise InvalidInput(problems)
    return FilterChain(tuple(filters), router, frozenset(item.name for item in proto.http_filters if item.disabled))


def _filter(item: HttpFilterProto, known: Mapping[str, BuildHttpFilter], prefix: str) -> HttpFilter | None:
    """None for a filter that is not known and may be left out."""
    type_url = item.typed_config.type_url
    build = known.get(type_url)
    if build is None:
        if item.is_optional:
            return None
        message = f"{type_url or 'nothing'} is not a supported HTTP filter"
        raise InvalidInput([FieldProblem("typed_config", message)])
    try:
        made = build(item.typed_config.value, prefix)
    except InvalidInput as error:
        raise InvalidInput(_below("typed_config", error.problems)) from error
    made.name = item.name
    return made


def _router(item: HttpFilterProto, services: HttpServices, stats: ManagerStats) -> Router:
    config = RouterProto.FromString(item.typed_config.value)
    return Router(services.runtime, services.pools, stats, config.suppress_envoy_headers)
