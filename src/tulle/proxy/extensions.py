"""THE LIST of what may stand in a configuration, for every extension category, by type URL."""

from collections.abc import Callable, Mapping

from tulle.protos.messages import (
    Buffer,
    BufferPerRoute,
    Cors,
    CorsSettings,
    Echo,
    HeaderMutation,
    HeaderMutationPerRoute,
    HealthCheckFilter,
    HttpConnectionManager,
    HTTPFault,
    HttpInspector,
    HttpRbac,
    HttpRbacPerRoute,
    LocalRateLimit,
    NetworkDirectResponse,
    OriginalDst,
    ProxyProtocol,
    SniCluster,
    TcpProxy,
    TlsInspector,
)
from tulle.protos.pool import type_url_of
from tulle.proxy.bootstrap import SUPPORTED as BOOTSTRAP_FIELDS
from tulle.proxy.http.build import BuildHttpFilter, HttpServices, build_connection_manager
from tulle.proxy.http.connection_manager import ConnectionManager
from tulle.proxy.http.filter_api import HttpFilter
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.filters import buffer, cors, fault, header_mutation, health_check, local_ratelimit, rbac
from tulle.proxy.http.filters.buffer import build_buffer, build_buffer_settings
from tulle.proxy.http.filters.cors import build_cors, build_cors_policy
from tulle.proxy.http.filters.fault import build_fault, build_fault_rule
from tulle.proxy.http.filters.header_mutation import build_header_mutation, build_route_mutations
from tulle.proxy.http.filters.health_check import build_health_check
from tulle.proxy.http.filters.local_ratelimit import build_limit_rule, build_local_ratelimit
from tulle.proxy.http.filters.rbac import build_rbac, build_rbac_settings
from tulle.proxy.http.route_settings import RouteSettings
from tulle.proxy.http.settings import SUPPORTED as HTTP_FIELDS
from tulle.proxy.listener.fields import SUPPORTED as LISTENER_FIELDS
from tulle.proxy.listener.filters.http_inspector import build_http_inspector
from tulle.proxy.listener.filters.original_dst import build_original_dst
from tulle.proxy.listener.filters.proxy_protocol import build_proxy_protocol
from tulle.proxy.listener.filters.tls_inspector import build_tls_inspector
from tulle.proxy.listener.listener_filter import BuildListenerFilter
from tulle.proxy.network.direct_response import build_direct_response
from tulle.proxy.network.echo import build_echo
from tulle.proxy.network.fields import SUPPORTED as NETWORK_FIELDS
from tulle.proxy.network.network_filter import BuildConnectionFilter, ListenerFacts, NetworkFilters
from tulle.proxy.network.sni_cluster import build_sni_cluster
from tulle.proxy.network.tcp_proxy import TcpServices, build_tcp_proxy
from tulle.proxy.router.fields import SUPPORTED as ROUTE_FIELDS
from tulle.proxy.router.filter_configs import FilterConfigs
from tulle.proxy.telemetry.fields import SUPPORTED as TELEMETRY_FIELDS
from tulle.proxy.upstream.fields import SUPPORTED as UPSTREAM_FIELDS


def _merged(*tables: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """What one part honours of a message that several know, all honour."""
    merged: dict[str, frozenset[str]] = {}
    for table in tables:
        for message, fields in table.items():
            merged[message] = merged.get(message, frozenset()) | fields
    return merged


# The fields that are honoured, of every message that may be set; all others are rejected by their path.
SUPPORTED: dict[str, frozenset[str]] = _merged(
    BOOTSTRAP_FIELDS,
    LISTENER_FIELDS,
    NETWORK_FIELDS,
    HTTP_FIELDS,
    ROUTE_FIELDS,
    UPSTREAM_FIELDS,
    TELEMETRY_FIELDS,
    *(part.SUPPORTED for part in (buffer, cors, fault, header_mutation, health_check, local_ratelimit, rbac)),
)

LISTENER_FILTERS: dict[str, BuildListenerFilter] = {
    type_url_of(HttpInspector): build_http_inspector,
    type_url_of(OriginalDst): build_original_dst,
    type_url_of(ProxyProtocol): build_proxy_protocol,
    type_url_of(TlsInspector): build_tls_inspector,
}

# Those that stand before the terminal filter of a chain.
CONNECTION_FILTERS: dict[str, BuildConnectionFilter] = {type_url_of(SniCluster): build_sni_cluster}

# Without the router, which ends every chain and is built with its connection manager.
HTTP_FILTERS: dict[str, Callable[[bytes, str, FilterServices], HttpFilter]] = {
    type_url_of(Buffer): build_buffer,
    type_url_of(Cors): build_cors,
    type_url_of(HTTPFault): build_fault,
    type_url_of(HeaderMutation): build_header_mutation,
    type_url_of(HealthCheckFilter): build_health_check,
    type_url_of(HttpRbac): build_rbac,
    type_url_of(LocalRateLimit): build_local_ratelimit,
}

# What tables, virtual hosts, routes and weighted clusters may say to filters.
filter_configs: FilterConfigs = RouteSettings(
    {
        type_url_of(BufferPerRoute): build_buffer_settings,
        type_url_of(CorsSettings): build_cors_policy,
        type_url_of(HTTPFault): build_fault_rule,
        type_url_of(HeaderMutationPerRoute): build_route_mutations,
        type_url_of(HttpRbacPerRoute): build_rbac_settings,
        type_url_of(LocalRateLimit): build_limit_rule,
    }
)


def http_filters(services: FilterServices) -> dict[str, BuildHttpFilter]:
    """The builders of HTTP filters, for one worker."""
    return {type_url: _bound(build, services) for type_url, build in HTTP_FILTERS.items()}


def _bound(build: Callable[[bytes, str, FilterServices], HttpFilter], services: FilterServices) -> BuildHttpFilter:
    return lambda config, stat_prefix: build(config, stat_prefix, services)


def network_filters(http: HttpServices, tcp: TcpServices) -> NetworkFilters:
    """The terminal filters of a filter chain."""

    def connection_manager(config: bytes, facts: ListenerFacts) -> ConnectionManager:
        return build_connection_manager(http, config, facts.stats_prefix, facts.buffer_limit)

    return {
        type_url_of(HttpConnectionManager): connection_manager,
        type_url_of(Echo): build_echo,
        type_url_of(NetworkDirectResponse): build_direct_response,
        type_url_of(TcpProxy): lambda config, facts: build_tcp_proxy(tcp, config, facts),
    }
