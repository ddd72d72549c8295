"""THE LIST of what may stand in a configuration, for every extension category, by type URL."""

from collections.abc import Mapping

from tulle.protos.messages import (
    Echo,
    HttpConnectionManager,
    HttpInspector,
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
from tulle.proxy.router.filter_configs import FilterConfigs, NoFilterConfigs
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
    BOOTSTRAP_FIELDS, LISTENER_FIELDS, NETWORK_FIELDS, HTTP_FIELDS, ROUTE_FIELDS, UPSTREAM_FIELDS, TELEMETRY_FIELDS
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
HTTP_FILTERS: dict[str, BuildHttpFilter] = {}


filter_configs: FilterConfigs = NoFilterConfigs()


def network_filters(http: HttpServices, tcp: TcpServices) -> NetworkFilters:
    """The terminal filters of a filter chain."""

    def connection_manager(config: bytes, facts: ListenerFacts) -> ConnectionManager:
        return build_connection_manager(http, config, facts.stats_prefix)

    return {
        type_url_of(HttpConnectionManager): connection_manager,
        type_url_of(Echo): build_echo,
        type_url_of(NetworkDirectResponse): build_direct_response,
        type_url_of(TcpProxy): lambda config, facts: build_tcp_proxy(tcp, config, facts),
    }
