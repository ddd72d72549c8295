"""What a resource names that comes apart from it: endpoints of a cluster, route configurations of a listener."""

from collections.abc import Iterator

from tulle.protos.messages import Cluster, ConfigSource, HttpConnectionManager, Listener
from tulle.protos.pool import type_url_of
from tulle.proxy.upstream.endpoints_name import endpoints_name_of, uses_dns

_HTTP_CONNECTION_MANAGER = type_url_of(HttpConnectionManager)
_DEFAULT_FETCH_TIMEOUT_S = 15.0  # Envoy: ConfigSource.initial_fetch_timeout


def endpoints_named_by(cluster: Cluster) -> frozenset[str]:
    """The name of the cluster's ClusterLoadAssignment, when it comes by EDS or is made of what DNS says."""
    name = endpoints_name_of(cluster)
    return frozenset({name}) if name else frozenset()


def routes_named_by(listener: Listener) -> frozenset[str]:
    """The names of the route configurations that the listener's connection managers take by RDS."""
    return frozenset(manager.rds.route_config_name for manager in _dynamic_managers(listener))


def cluster_fetch_timeout_s(cluster: Cluster) -> float:
    """How long the cluster waits for its endpoints; 0: for ever, as for a resolver, which always answers."""
    if uses_dns(cluster):
        return 0.0
    return fetch_timeout_s(cluster.eds_cluster_config.eds_config)


def listener_fetch_timeout_s(listener: Listener) -> float:
    """How long the listener waits for its routes; 0: for ever. The longest of its connection managers counts."""
    timeouts = [fetch_timeout_s(manager.rds.config_source) for manager in _dynamic_managers(listener)]
    return 0.0 if 0.0 in timeouts else max(timeouts, default=_DEFAULT_FETCH_TIMEOUT_S)


def fetch_timeout_s(source: ConfigSource) -> float:
    """The initial fetch timeout of a source, in seconds; 0: for ever."""
    if not source.HasField("initial_fetch_timeout"):
        return _DEFAULT_FETCH_TIMEOUT_S
    return source.initial_fetch_timeout.ToMilliseconds() / 1000


def connection_managers_of(listener: Listener) -> Iterator[HttpConnectionManager]:
    """Every HTTP connection manager in the listener's filter chains."""
    for _, manager in placed_connection_managers_of(listener):
        yield manager


def placed_connection_managers_of(listener: Listener) -> Iterator[tuple[str, HttpConnectionManager]]:
    """The same with the path of the filter that holds each."""
    chains = [(f"filter_chains[{index}]", chain) for index, chain in enumerate(listener.filter_chains)]
    if listener.HasField("default_filter_chain"):
        chains.append(("default_filter_chain", listener.default_filter_chain))
    for path, chain in chains:
        for index, network_filter in enumerate(chain.filters):
            if network_filter.typed_config.type_url == _HTTP_CONNECTION_MANAGER:
                manager = HttpConnectionManager.FromString(network_filter.typed_config.value)
                yield f"{path}.filters[{index}]", manager


def _dynamic_managers(listener: Listener) -> Iterator[HttpConnectionManager]:
    for manager in connection_managers_of(listener):
        if manager.WhichOneof("route_specifier") == "rds":
            yield manager
