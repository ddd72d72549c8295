"""The routes of one RouteConfiguration, and the route for a request."""

from collections.abc import Mapping

from tulle.proxy.headers import Headers
from tulle.proxy.router.request_parts import path_of
from tulle.proxy.router.route import Route, VirtualHostFacts
from tulle.proxy.router.route_index import RouteIndex
from tulle.proxy.router.virtual_hosts import DomainIndex
from tulle.proxy.telemetry.stream_info import StreamInfo

TLS_NOT_REQUIRED = 0
TLS_FOR_EXTERNAL_REQUESTS = 1
TLS_FOR_ALL_REQUESTS = 2


class VirtualHost:
    """The routes for some domains. `sole`: the route for every path that begins with `/`, when the first is such."""

    __slots__ = ("_ignores_path_parameters", "_index", "_require_tls", "_tls_route", "facts", "sole")

    def __init__(self, facts: VirtualHostFacts, index: RouteIndex[Route], sole: Route | None) -> None:
        self.facts = facts
        self.sole = sole
        self._index = index
        self._require_tls = TLS_NOT_REQUIRED
        self._tls_route: Route | None = None
        self._ignores_path_parameters = False

    def require_tls(self, requirement: int, redirect: Route) -> None:
        """From now on requests that came without TLS, or the external ones of them, get this redirect."""
        if requirement != TLS_NOT_REQUIRED:
            self._require_tls = requirement
            self._tls_route = redirect
            self.sole = None

    def ignore_path_parameters(self) -> None:
        """From now on a path ends at its first semicolon."""
        self._ignores_path_parameters = True

    def match(self, headers: Headers, info: StreamInfo, random_value: int) -> Route | None:
        """The route for a request to this virtual host."""
        if self._tls_route is not None and self._wants_tls(headers):
            return self._tls_route
        path = headers.get(b":path")
        if path is not None:
            if b"?" in path or b"#" in path:
                path = path_of(path)
            if self._ignores_path_parameters:
                path = path.partition(b";")[0]
        return self._index.find(path, headers, info, random_value)

    def _wants_tls(self, headers: Headers) -> bool:
        if headers.get(b"x-forwarded-proto") == b"https":
            return False
        return self._require_tls == TLS_FOR_ALL_REQUESTS or headers.get(b"x-envoy-internal") != b"true"


class RouteTable:
    """A RouteConfiguration made ready for the hot path."""

    __slots__ = ("_domains", "cluster_places", "internal_only_headers", "name", "validates_clusters", "virtual_hosts")

    def __init__(self, name: str, domains: DomainIndex[VirtualHost]) -> None:
        self.name = name
        self._domains = domains
        self.virtual_hosts: tuple[VirtualHost, ...] = ()
        # Clusters that routes name, each with the field that named it first; for those who check that they exist.
        self.cluster_places: Mapping[str, str] = {}
        self.validates_clusters: bool | None = None  # None: as the source of the table would have it
        self.internal_only_headers: tuple[bytes, ...] = ()

    def match(self, headers: Headers, info: StreamInfo, random_value: int) -> Route | None:
        """The route for a request; `random_value` has 64 bits and is drawn once per request. None: nothing matches."""
        host = self._domains.sole
        if host is None:
            host = self._domains.find(headers.get(b":authority"))
            if host is None:
                return None
        if host.sole is not None:
            path = headers.get(b":path")
            if path is not None and path[:1] == b"/":
                return host.sole
        return host.match(headers, info, random_value)
