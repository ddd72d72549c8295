"""The router (envoy.filters.http.router): from a route to a cluster, a host, and back with the response."""

from tulle.proxy.headers import Headers, whole_number
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
_ALTERNATIVE = b"x-envoy-upstream-rq-timeout-alt-response"
_CONTROL = frozenset({_TIMEOUT, _TRY_TIMEOUT})
_EXPECTED = b"x-envoy-expected-rq-timeout-ms"


def _asked(headers: Headers, name: bytes, otherwise_s: float) -> float:
    """A time in milliseconds that a header asks for, in seconds; the header goes no further."""
    given = whole_number(headers.pop(name, None))
    return otherwise_s if given is None else given / 1000


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
        choice = stream.choice or route.pick_cluster(stream.request, stream.random)
        cluster = None if choice is None else self.runtime.clusters.get(choice.cluster_name)
        if choice is None or cluster is None:
            self._no_cluster(stream, route.cluster_not_found_status)
            return
        stream.choice = choice
        if route.idle_timeout_s is not None or route.max_stream_duration_s is not None:
            stream.limit(route.idle_timeout_s, route.max_stream_duration_s)
        if route.virtual_host.virtual_clusters is not None:
            stream.virtual_cluster = route.virtual_cluster(stream.request)
        stream.upstream_cluster = cluster.observability_name
        alternative = stream.request.pop(_ALTERNATIVE, None) is not None
        all_s, try_s = self._timeouts_of(stream.request, route)
        if choice.request_edit is not None:
            choice.request_edit.apply(stream.request, stream, not self.suppress_envoy_headers)
        request = UpstreamRequest(self, stream, cluster, all_s, try_s)
        request.alternative_on_timeout = alternative
        stream.upstream = request
        request.begin(end)

    def _no_cluster(self, stream: Stream, status: int) -> None:
        self.stats.no_cluster.value += 1
        stream.reply(status, details="cluster_not_found", flags=ResponseFlag.NO_CLUSTER_FOUND)

    def _answer(self, stream: Stream, route: Route) -> None:
        """Redirects and direct responses (Envoy: Filter::decodeHeaders, directResponseEntry)."""
        extra: Headers | None = None
        if route.kind == REDIRECT:
            found = route.redirect(stream.request, stream, not self.suppress_envoy_headers)
            self.stats.rq_direct_response.value += 1
            assert found is not None, "a redirect has a rule"
            status, body = found.status, b""
            extra = Headers({b"location": found.location})
        elif route.kind == DIRECT_RESPONSE and route.direct_response is not None:
            self.stats.rq_direct_response.value += 1
            status, body = route.direct_response.status, route.direct_response.body
            if route.direct_response.has_location:
                extra = Headers({b"location": same_location(stream.request, stream)})
        else:  # a route that is not for forwarding leads to no cluster
            self._no_cluster(stream, 503)
            return
        if route.response_edit is not None:
            stream.direct_edit = route.response_edit
        stream.reply(status, body, "direct_response", headers=extra)

    def _timeouts_of(self, headers: Headers, route: Route) -> tuple[float, float]:
        """The time for all tries, and for each; the host is told (Envoy: FilterUtility::finalTimeout)."""
        all_s = route.timeout_s
        try_s = route.retry_policy.per_try_timeout_s if route.retry_policy is not None else 0.0
        if not _CONTROL.isdisjoint(headers):
            all_s, try_s = _asked(headers, _TIMEOUT, all_s), _asked(headers, _TRY_TIMEOUT, try_s)
        if try_s and all_s and try_s >= all_s:
            try_s = 0.0
        expected_s = try_s or all_s
        if expected_s and not self.suppress_envoy_headers:
            headers[_EXPECTED] = b"%d" % (expected_s * 1000 + 0.5)
        return all_s, try_s

    def count_by_route(self, route: Route, virtual_cluster: str | None, status: int) -> None:
        """Counts a response under its virtual cluster, `other` when it is in none, and under its route's prefix."""
        store, host = self.stats.store, route.virtual_host
        prefixes: list[str] = []
        if host.virtual_clusters is not None:
            prefixes.append(f"vhost.{host.name}.vcluster.{virtual_cluster or 'other'}.upstream_rq_")
        if route.stat_prefix:
            prefixes.append(f"vhost.{host.name}.route.{route.stat_prefix}.upstream_rq_")
        for prefix in prefixes:
            for what in ("total", "completed", f"{status // 100}xx", str(status)):
                store.counter(prefix + what).value += 1

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
