"""The router (envoy.filters.http.router): from a route to a cluster, a host, and back with the response."""

from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import TerminalFilter
from tulle.proxy.http.filters.router_request import UpstreamRequest
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.http.stats import ManagerStats
from tulle.proxy.http.stream import Stream
from tulle.proxy.http.upstream_pools import UpstreamPools
from tulle.proxy.router.redirects import same_location
from tulle.proxy.router.route import DIRECT_RESPONSE, FORWARD, REDIRECT, Route
from tulle.proxy.telemetry.response_flags import ResponseFlag

_TIMEOUT = b"x-envoy-upstream-rq-timeout-ms"
_TRY_TIMEOUT = b"x-envoy-upstream-rq-per-try-timeout-ms"
_EXPECTED = b"x-envoy-expected-rq-timeout-ms"


class Router(TerminalFilter):
    """One per connection manager."""

    __slots__ = ("pools", "runtime", "stats", "suppress_envoy_headers")

    def __init__(
        self, runtime: HttpRuntime, pools: UpstreamPools, stats: ManagerStats, suppress_envoy_headers: bool = False
    ) -> None:
        self.runtime = runtime
        self.pools = pools
        self.stats = stats
        self.suppress_envoy_headers = suppress_envoy_headers

    def start(self, stream: Stream, end: bool) -> None:
        """Answers by itself, or sends the request to a host."""
        self.stats.rq_total.value += 1
        route = stream.route
        if route is None:
            self.stats.no_route.value += 1
            stream.reply(404, details="route_not_found", flags=ResponseFlag.NO_ROUTE_FOUND)
            return
        stream.route_name = route.name or None
        if route.kind != FORWARD:
            self._answer(stream, route)
            return
        choice = route.pick_cluster(stream.request, stream.random)
        cluster = None if choice is None else self.runtime.clusters.get(choice.cluster_name)
        if choice is None or cluster is None:
            self.stats.no_cluster.value += 1
            status = route.cluster_not_found_status
            stream.reply(status, details="cluster_not_found", flags=ResponseFlag.NO_CLUSTER_FOUND)
            return
        stream.choice = choice
        stream.upstream_cluster = cluster.observability_name
        timeout_s = self._timeout_of(stream.request, route)
        if choice.request_edit is not None:
            choice.request_edit.apply(stream.request, stream, not self.suppress_envoy_headers)
        request = UpstreamRequest(self, stream, cluster, timeout_s)
        stream.upstream = request
        request.begin(end)

    def _answer(self, stream: Stream, route: Route) -> None:
        """Redirects and direct responses (Envoy: Filter::decodeHeaders, directResponseEntry)."""
        extra: Headers | None = None
        if route.kind == REDIRECT:
            found = route.redirect(stream.request, stream, not self.suppress_envoy_headers)
            self.stats.rq_redirect.value += 1
            assert found is not None, "a redirect has a rule"
            status, body = found.status, b""
            extra = Headers({b"location": found.location})
        elif route.kind == DIRECT_RESPONSE and route.direct_response is not None:
            self.stats.rq_direct_response.value += 1
            status, body = route.direct_response.status, route.direct_response.body
            if route.direct_response.has_location:
                extra = Headers({b"location": same_location(stream.request, stream)})
        else:
            self.stats.no_route.value += 1
            stream.reply(404, details="route_not_found", flags=ResponseFlag.NO_ROUTE_FOUND)
            return
        if route.response_edit is not None:
            stream.direct_edit = route.response_edit
        stream.reply(status, body, "direct_response", headers=extra)

    def _timeout_of(self, headers: Headers, route: Route) -> float:
        """The time for all tries, in seconds; told to the host (Envoy: FilterUtility::finalTimeout)."""
        timeout_s = route.timeout_s
        if _TIMEOUT in headers:
            given = headers.get(_TIMEOUT, b"")
            headers.remove(_TIMEOUT)
            if given.isdigit():
                timeout_s = int(given) / 1000
        if _TRY_TIMEOUT in headers:
            headers.remove(_TRY_TIMEOUT)
        if timeout_s and not self.suppress_envoy_headers:
            headers[_EXPECTED] = b"%d" % (timeout_s * 1000 + 0.5)
        return timeout_s

    def send_data(self, stream: Stream, data: bytes, end: bool) -> None:
        """Goes to the host."""
        if stream.upstream is not None:
            stream.upstream.send_data(data, end)

    def send_trailers(self, stream: Stream, trailers: Headers) -> None:
        """Go to the host."""
        if stream.upstream is not None:
            stream.upstream.send_trailers(trailers)

    def abandon(self, stream: Stream) -> None:
        """The client is gone, or was answered early."""
        if stream.upstream is not None:
            stream.upstream.abandon()

    def pause_reading(self, stream: Stream) -> None:
        """The client is slow."""
        if stream.upstream is not None:
            stream.upstream.pause_reading()

    def resume_reading(self, stream: Stream) -> None:
        """The client takes more."""
        if stream.upstream is not None:
            stream.upstream.resume_reading()
