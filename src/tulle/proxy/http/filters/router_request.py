"""One request on its way to a cluster: a host, a connection, further tries, and the response."""

from time import monotonic
from typing import TYPE_CHECKING, Any

from tulle.proxy.deadlines import Deadlines
from tulle.proxy.headers import Headers
from tulle.proxy.http.filters.retry_state import RetryState
from tulle.proxy.http.filters.session_cookie import cookie_value, set_cookie
from tulle.proxy.http.local_reply import is_grpc_request
from tulle.proxy.router.hash_policy import CookieWanted
from tulle.proxy.router.rewrites import update_authority
from tulle.proxy.telemetry.response_flags import ResponseFlag
from tulle.proxy.upstream.cluster import Cluster
from tulle.proxy.upstream.cluster_stats import count_response, record_response_time
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.http_settings import AS_DOWNSTREAM
from tulle.proxy.upstream.lb.picking import PickContext
from tulle.proxy.upstream.pools import HttpPool, PoolFailure

if TYPE_CHECKING:
    from tulle.proxy.http.filters.router import Router
    from tulle.proxy.http.stream import Stream

# Reset reasons → response flag and status (Envoy: Filter::streamResetReasonToResponseFlag).
TERMINATION = "connection termination"
PROTOCOL_ERROR = "protocol error"
REMOTE_RESET = "remote reset"
REMOTE_REFUSED = "remote refused stream reset"
LOCAL_RESET = "local reset"

_FLAGS = {
    TERMINATION: ResponseFlag.UPSTREAM_CONNECTION_TERMINATION,
    PROTOCOL_ERROR: ResponseFlag.UPSTREAM_PROTOCOL_ERROR,
    REMOTE_RESET: ResponseFlag.UPSTREAM_REMOTE_RESET,
    REMOTE_REFUSED: ResponseFlag.UPSTREAM_REMOTE_RESET,
    LOCAL_RESET: ResponseFlag.LOCAL_RESET,
    PoolFailure.OVERFLOW: ResponseFlag.UPSTREAM_OVERFLOW,
    PoolFailure.CONNECT_FAILURE: ResponseFlag.UPSTREAM_CONNECTION_FAILURE,
    PoolFailure.TIMEOUT: ResponseFlag.UPSTREAM_CONNECTION_FAILURE,
}

_INTERNAL = b"x-envoy-internal"
_CANARY = b"x-envoy-upstream-canary"
_SERVICE_TIME = b"x-envoy-upstream-service-time"


class UpstreamRequest:
    """All tries of one stream; one of them at a time."""

    __slots__ = (
        "_blocked",
        "_body",
        "_connection",
        "_context",
        "_cookies",
        "_deadlines",
        "_done",
        "_headers_only",
        "_held_size",
        "_pool",
        "_request_ended",
        "_responding",
        "_retry",
        "_retry_timer",
        "_timeout_s",
        "_trailers",
        "_try_timeout_s",
        "alternative_on_timeout",
        "attempts",
        "cluster",
        "host",
        "router",
        "stream",
        "stream_id",
    )

    def __init__(self, router: "Router", stream: "Stream", cluster: Cluster, all_s: float, try_s: float) -> None:
        self.router = router
        self.stream = stream
        self.cluster = cluster
        self.host: Host | None = None
        self.stream_id = 0  # of the connection, where it has streams
        self.attempts = 0
        self.alternative_on_timeout = False
        self._timeout_s = all_s  # for all tries together, from the end of the request; 0.0: none
        self._deadlines: Deadlines[UpstreamRequest] | None = None
        self._try_timeout_s = try_s
        self._pool: HttpPool | None = None
        self._connection: Any = None
        self._headers_only = False
        self._body: list[bytes] | None = None  # what was not sent yet, or may have to be sent again
        self._held_size = 0
        self._trailers: Headers | None = None
        self._request_ended = 0.0  # when the request was complete
        self._responding = False
        self._done = False
        self._blocked = False
        self._context: PickContext | None = None
        self._cookies: list[bytes] | None = None
        self._retry: RetryState | None = None
        self._retry_timer: Any = None

    # The request.

    def begin(self, end: bool) -> None:
        """Sends the headers as soon as there is a connection; `end`: there is no body."""
        self._headers_only = end
        route = self.stream.route
        if route is not None and (route.retry_policy is not None or b"x-envoy-retry-on" in self.stream.request):
            self._retry = RetryState.of(route.retry_policy, self.stream.request)
            if self._retry is not None and not end:
                self._body = []
        original_dst = self.stream.connection.info.original_dst
        if route is not None and (route.hash_policies is not None or original_dst is not None):
            self._context = PickContext(
                route.hash_of(self.stream.request, self.stream, self._make_cookie), original_dst
            )
        if end:
            self._end_request()
        self._try()

    def _make_cookie(self, wanted: CookieWanted) -> bytes:
        """A cookie that a hash policy asks for; the response will set it."""
        value = cookie_value(self.stream)
        self._cookies = [*(self._cookies or ()), set_cookie(wanted, value)]
        return value

    def _end_request(self) -> None:
        """The client's request is complete: from now on the route's timeout runs."""
        self._request_ended = monotonic()
        if self._timeout_s:
            self._deadlines = self.router.runtime.route_timeouts.of(self._timeout_s)
            self._deadlines.add(self)

    def _try(self) -> None:
        self.attempts += 1
        self.stream.upstream_attempts = self.attempts
        cluster, stream, route = self.cluster, self.stream, self.stream.route
        host = cluster.pick(self._context)
        if host is None:
            cluster.stats.upstream_cx_none_healthy.value += 1
            self._fail(503, b"no healthy upstream", "no_healthy_upstream", ResponseFlag.NO_HEALTHY_UPSTREAM)
            return
        self.host = host
        assert route is not None
        if route.virtual_host.include_attempt_count:
            stream.request[b"x-envoy-attempt-count"] = b"%d" % self.attempts
        if route.auto_host_rewrite and host.hostname:
            keep = not self.router.suppress_envoy_headers
            update_authority(stream.request, host.hostname.encode(), route.append_x_forwarded_host, keep)
        protocol = cluster.http.protocol
        if protocol == AS_DOWNSTREAM:
            protocol = 2 if stream.protocol == "HTTP/2" else 1
        self._pool = self.router.pools.pool_of(cluster, host, protocol, route.priority)
        connection = self._pool.acquire(self)
        if connection is not None:
            self.on_pool_ready(connection)

    def on_pool_ready(self, connection: Any) -> None:
        """There is a connection: sends what is there of the request."""
        stream, cluster, host = self.stream, self.cluster, self.host
        assert host is not None
        self._connection = connection
        stats = cluster.stats
        stats.upstream_rq_total.value += 1
        stats.upstream_rq_active.value += 1
        host.rq_total += 1
        host.rq_active += 1
        stream.upstream_host = stream.upstream_remote = host.address
        stream.upstream_local = connection.local_address
        stream.upstream_protocol = connection.protocol_name
        if self._try_timeout_s:
            self.router.runtime.try_timeouts.of(self._try_timeout_s).add(self)
        connection.send_headers(self, stream.request, self._headers_only)
        if self._body is not None:
            self._send_held(connection)
        if connection.blocked:
            self.on_upstream_blocked()

    def _send_held(self, connection: Any) -> None:
        stream, body = self.stream, self._body or []
        if self._retry is None:
            self._body = None
        if self._blocked:
            self._blocked = False
            stream.connection.resume_request(stream)  # first, as the host may want to pause it again
        complete = stream.request_complete
        for index, data in enumerate(body):
            last = complete and self._trailers is None and index == len(body) - 1
            connection.send_data(self, data, last)
            if self._connection is not connection:
                return
        if self._trailers is not None:
            connection.send_trailers(self, self._trailers)

    def send_data(self, data: bytes, end: bool) -> None:
        """A piece of the body."""
        if self._done:
            return
        connection = self._connection
        if connection is None or self._retry is not None:
            self._keep(data)
        if end:
            self._end_request()
        if connection is not None:
            connection.send_data(self, data, end)

    def _keep(self, data: bytes) -> None:
        """Holds a piece for later: for the connection that is not there yet, or for another try."""
        if self._body is None:
            self._body = []
        self._body.append(data)
        self._held_size += len(data)
        if self._held_size <= self.cluster.per_connection_buffer_limit:
            return
        if self._retry is not None:
            # Envoy: a body that does not fit the buffer is not sent again.
            self.cluster.stats.retry_or_shadow_abandoned.value += 1
            self._retry = None
            if self._connection is not None:
                self._body = None
                return
        if not self._blocked:
            self._blocked = True
            self.stream.connection.pause_request(self.stream)

    def send_trailers(self, trailers: Headers) -> None:
        """The request ends with trailers."""
        if self._done:
            return
        self._end_request()
        if self._connection is None or self._retry is not None:
            self._trailers = trailers
        if self._connection is not None:
            self._connection.send_trailers(self, trailers)

    # The response.

    def on_informational(self, headers: Headers) -> None:
        """A 1xx response; 101 would be an upgrade, which nobody asked for."""
        if headers[b":status"] != b"101" and self.stream.connection.settings.proxy_100_continue:
            self.stream.inform(headers)

    def on_response_headers(self, headers: Headers, end: bool) -> None:
        """The response has begun."""
        stream = self.stream
        status = int(headers[b":status"])
        retry = self._retry
        if retry is not None:
            if retry.wants_response(status, headers) and self._try_again(cancel=not end):
                self.cluster.stats.store.counter(f"{self.cluster.stats.prefix}retry.upstream_rq_{status}").value += 1
                return
            self._retry = None
            self._body = None
            if self.attempts > 1 and status < 500:
                self.cluster.stats.upstream_rq_retry_success.value += 1
        self._responding = True
        self._count(status, headers)
        stream.response_code = status
        stream.response_code_details = "via_upstream"
        stream.response_headers = headers
        if self._request_ended and not self.router.suppress_envoy_headers:
            headers[_SERVICE_TIME] = b"%d" % ((monotonic() - self._request_ended) * 1000)
        for cookie in self._cookies or ():
            headers.add(b"set-cookie", cookie)
        choice = stream.choice
        if choice.response_edit is not None:
            choice.response_edit.apply(headers, stream)
        if end:
            self._end_try()
        stream.respond(headers, end)
        if stream.connection.blocked and not stream.ended:
            self.pause_reading()

    def _count(self, status: int, headers: Headers) -> None:
        host = self.host
        assert host is not None
        canary = headers.get(_CANARY) == b"true" or (bool(host.metadata) and host.canary)
        count_response(self.cluster.stats, status, _INTERNAL in self.stream.request, canary)
        route = self.stream.route
        if route is not None and (route.stat_prefix or route.virtual_host.virtual_clusters is not None):
            self.router.count_by_route(route, self.stream.virtual_cluster, status)
        if route is not None and route.virtual_host.include_attempt_count_in_response:
            headers[b"x-envoy-attempt-count"] = b"%d" % self.attempts
        if status >= 500:
            host.rq_error += 1
        else:
            host.rq_success += 1

    def on_response_data(self, data: bytes, end: bool) -> None:
        """A piece of the body."""
        if end:
            self._end_try()
        self.stream.respond_data(data, end)

    def on_response_trailers(self, trailers: Headers) -> None:
        """The response ends with trailers."""
        self._end_try()
        self.stream.respond_trailers(trailers)

    def _end_try(self) -> None:
        """The response is complete."""
        self._done = True
        self._release()
        stream = self.stream
        if self._deadlines is not None:
            self._deadlines.discard(self)
        if self._request_ended:
            elapsed_ms = (monotonic() - self._request_ended) * 1000
            record_response_time(self.cluster.stats, elapsed_ms, _INTERNAL in stream.request)

    def _release(self) -> None:
        """Gives back what the current try holds."""
        if self._connection is None:
            return
        self._connection = None
        self.cluster.stats.upstream_rq_active.value -= 1
        host, pool = self.host, self._pool
        if host is not None:
            host.rq_active -= 1
        if pool is not None:
            pool.breaker.end_request()
        if self._try_timeout_s:
            self.router.runtime.try_timeouts.of(self._try_timeout_s).discard(self)

    # What goes wrong.

    def on_pool_failure(self, reason: str, transport_reason: str) -> None:
        """No connection."""
        if self.host is not None:
            self.stream.upstream_host = self.host.address
        if transport_reason:
            self.stream.upstream_transport_failure = transport_reason.replace(" ", "_")
        self.on_reset(reason, transport_reason)

    def on_reset(self, reason: str, transport_reason: str) -> None:
        """The try ended without a whole response."""
        if self._done:
            return
        stats = self.cluster.stats
        if self._connection is not None and reason in (REMOTE_RESET, REMOTE_REFUSED):
            stats.upstream_rq_rx_reset.value += 1
        self._release()
        if reason == PoolFailure.OVERFLOW:
            self._finish_failed(reason, transport_reason)
            return
        wanted = not self._responding and self._retry is not None and self._retry.wants_reset(reason)
        if wanted and self._try_again(cancel=False):
            return
        self._finish_failed(reason, transport_reason)

    def _finish_failed(self, reason: str, transport_reason: str) -> None:
        inner = f"{reason}|{transport_reason}" if transport_reason else reason
        flag = _FLAGS.get(reason, 0)
        when = "after" if self._responding else "before"
        details = f"upstream_reset_{when}_response_started{{{inner}}}".replace(" ", "_")
        if self._responding:
            self._done = True
            self._forget_timeout()
            self._count_cut()
            self.stream.response_flags |= flag
            self.stream.response_code_details = details
            self.stream.reset()
            return
        again = b"retried and the latest " if self.attempts > 1 else b""
        body = b"upstream connect error or disconnect/reset before headers. %breset reason: %b" % (
            again,
            reason.encode(),
        )
        status = 502 if reason == PROTOCOL_ERROR else 503
        self._fail(status, body, details, flag, overloaded=reason == PoolFailure.OVERFLOW)

    def _fail(self, status: int, body: bytes, details: str, flags: int, overloaded: bool = False) -> None:
        """Answers in place of the host."""
        self._done = True
        self._forget_timeout()
        stream = self.stream
        count_response(self.cluster.stats, status, _INTERNAL in stream.request)
        if self.host is not None and not overloaded:
            self.host.rq_error += 1
        extra: Headers | None = None
        if overloaded and not self.router.suppress_envoy_headers:
            extra = Headers({b"x-envoy-overloaded": b"true"})
        if stream.choice is not None and stream.choice.response_edit is not None:
            stream.direct_edit = stream.choice.response_edit
        stream.reply(status, body, details, flags, extra)

    def _count_cut(self) -> None:
        """A call that was taken for a success as its response began was none; Envoy counts this for gRPC only."""
        if is_grpc_request(self.stream.request):
            self.router.stats.rq_reset_after_downstream_response_started.value += 1

    def _forget_timeout(self) -> None:
        if self._deadlines is not None:
            self._deadlines.discard(self)

    def on_route_timeout(self) -> None:
        """All tries together took too long."""
        if self._done:
            return
        stats = self.cluster.stats
        stats.upstream_rq_timeout.value += 1
        if self.host is not None:
            self.host.rq_timeout += 1
        self._cancel()
        if self._responding:
            self._done = True
            self.stream.response_flags |= ResponseFlag.UPSTREAM_REQUEST_TIMEOUT
            self.stream.response_code_details = "response_timeout"
            self._count_cut()
            self.stream.reset()
            return
        self._fail_late("response_timeout")

    def _fail_late(self, details: str) -> None:
        """504, or what the client asked for instead (x-envoy-upstream-rq-timeout-alt-response)."""
        if self.alternative_on_timeout:
            self._fail(204, b"", details, ResponseFlag.UPSTREAM_REQUEST_TIMEOUT)
        else:
            self._fail(504, b"upstream request timeout", details, ResponseFlag.UPSTREAM_REQUEST_TIMEOUT)

    def on_try_timeout(self) -> None:
        """One try took too long."""
        if self._done or self._responding:
            return
        self.cluster.stats.upstream_rq_per_try_timeout.value += 1
        if self.host is not None:
            self.host.rq_timeout += 1
        self._cancel()
        if self._retry is not None and self._retry.wants_timeout() and self._try_again(cancel=False):
            return
        self._fail_late("upstream_per_try_timeout")

    def _cancel(self) -> None:
        """Ends the current try from our side."""
        connection = self._connection
        if connection is not None:
            self._release()
            connection.cancel(self)
        elif self._pool is not None and self._retry_timer is None:
            self._pool.cancel(self)

    def abandon(self) -> None:
        """Nobody waits for the response any longer."""
        if self._done:
            return
        self._done = True
        self._forget_timeout()
        if self._retry_timer is not None:
            self._retry_timer.cancel()
            self.cluster.breakers[self._priority()].end_retry()
        self._cancel()
        self._retry_timer = None

    def _priority(self) -> int:
        route = self.stream.route
        return 0 if route is None else route.priority

    # Further tries.

    def _try_again(self, cancel: bool) -> bool:
        """Plans another try after a pause; False when there must be none."""
        retry, stats = self._retry, self.cluster.stats
        assert retry is not None
        if not retry.left:
            stats.upstream_rq_retry_limit_exceeded.value += 1
            self.stream.response_flags |= ResponseFlag.UPSTREAM_RETRY_LIMIT_EXCEEDED
            self._retry = None
            return False
        if not self.stream.request_complete:
            return False
        if not self.cluster.breakers[self._priority()].try_retry():
            stats.upstream_rq_retry_overflow.value += 1
            return False
        if cancel:
            self._cancel()
        else:
            self._release()
        stats.upstream_rq_retry.value += 1
        stats.upstream_rq_retry_backoff_exponential.value += 1
        delay_s = retry.next_delay_s(self.router.runtime.random_bits(32))
        self._retry_timer = self.router.runtime.loop.call_later(delay_s, self._retry_now)
        return True

    def _retry_now(self) -> None:
        self._retry_timer = None
        self.cluster.breakers[self._priority()].end_retry()
        if not self._done:
            self._try()

    # Flow.

    def on_upstream_blocked(self) -> None:
        """The host reads slower than the client sends."""
        if not self.stream.request_complete:
            self.stream.connection.pause_request(self.stream)

    def on_upstream_ready(self) -> None:
        """The host has read."""
        self.stream.connection.resume_request(self.stream)

    def pause_reading(self) -> None:
        """Takes no more of the response for now."""
        if self._connection is not None:
            self._connection.pause_reading(self)

    def resume_reading(self) -> None:
        """Takes more of the response."""
        if self._connection is not None:
            self._connection.resume_reading(self)
