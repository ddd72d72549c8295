"""Answers health checks (envoy.filters.http.health_check)."""

from time import monotonic
from typing import TYPE_CHECKING

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import HealthCheckFilter as HealthCheckProto
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import BUFFER, CONTINUE, HttpFilter, Verdict
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.router.conditions import HeaderCondition, build_header_conditions
from tulle.proxy.telemetry.response_flags import ResponseFlag
from tulle.proxy.upstream.hosts import NOT_HEALTHY

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

SUPPORTED: dict[str, frozenset[str]] = {
    "envoy.extensions.filters.http.health_check.v3.HealthCheck": frozenset(
        {"pass_through_mode", "cache_time", "cluster_min_healthy_percentages", "headers"}
    ),
    "envoy.type.v3.Percent": frozenset({"value"}),
}

_CHECKED, _HANDLED = 1, 2
_DEGRADED = b"x-envoy-degraded"
OK, UNAVAILABLE = 200, 503


class _Cache:
    """What the service itself answered last; forgotten by a clock that runs all the time."""

    __slots__ = ("_until", "_valid_s", "degraded", "status")

    def __init__(self, valid_s: float) -> None:
        self._valid_s = valid_s
        self._until = 0.0
        self.status = OK
        self.degraded = False

    def put(self, status: int, degraded: bool) -> None:
        """Envoy empties the cache at fixed times, so an answer is kept for at most as long as is configured."""
        now = monotonic()
        self.status, self.degraded = status, degraded
        self._until = now - now % self._valid_s + self._valid_s

    @property
    def holds(self) -> bool:
        """Whether there is an answer that still counts."""
        return monotonic() < self._until


class HealthCheck(HttpFilter):
    """Knows health checks by their headers; answers them all, or only while the service need not be asked."""

    __slots__ = ("_cache", "_conditions", "_least_healthy", "_node_cluster", "_passes", "_runtime")

    def __init__(self, conditions: tuple[HeaderCondition, ...], services: FilterServices) -> None:
        self._conditions = conditions
        self._runtime: HttpRuntime = services.runtime
        self._node_cluster = services.node_cluster
        self._passes = False
        self._cache: _Cache | None = None
        self._least_healthy: tuple[tuple[str, float], ...] = ()

    def use(self, proto: HealthCheckProto) -> None:
        """Takes over how checks are answered."""
        self._passes = proto.pass_through_mode.value
        self._least_healthy = tuple(
            (name, percent.value) for name, percent in sorted(proto.cluster_min_healthy_percentages.items())
        )
        if proto.HasField("cache_time") and proto.cache_time.ToMilliseconds():
            self._cache = _Cache(proto.cache_time.ToMilliseconds() / 1000)

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Answers, waits for the rest of the request before it does, or lets the service answer."""
        headers = stream.request
        for condition in self._conditions:
            if not condition.holds(headers):
                return CONTINUE
        stream.is_health_check = True
        cached = self._cache is not None and self._cache.holds
        if self._passes and not self._runtime.health_failed and not cached:
            stream.note(self, _CHECKED)
            return CONTINUE
        stream.note(self, _HANDLED)
        return self._answer(stream) if end else BUFFER

    def on_request_body(self, stream: "Stream", body: bytes) -> Verdict:
        """The request is complete."""
        return self._answer(stream)

    def _answer(self, stream: "Stream") -> Verdict:
        cache = self._cache
        extra: Headers | None = None
        if self._runtime.health_failed:
            status, details = UNAVAILABLE, "health_check_failed"
        elif cache is not None:
            status, details = cache.status, "health_check_cached"
            if cache.degraded:
                extra = Headers({_DEGRADED: b""})
        else:
            status, details = self._judge()
        flags = 0 if 200 <= status < 300 else ResponseFlag.LOCAL_HEALTH_CHECK_FAILED
        return stream.reply(status, b"", details, flags, extra)

    def _judge(self) -> tuple[int, str]:
        """By how many hosts of the clusters are healthy."""
        for name, least in self._least_healthy:
            cluster = self._runtime.clusters.get(name)
            if cluster is None:
                return UNAVAILABLE, "health_check_failed_no_cluster_found"
            hosts = tuple(cluster.hosts)
            if not hosts:
                if least == 0.0:
                    continue
                return UNAVAILABLE, "health_check_failed_cluster_empty"
            healthy = sum(1 for host in hosts if not host.flags & NOT_HEALTHY)
            if 100.0 * healthy < len(hosts) * least:
                return UNAVAILABLE, "health_check_failed_cluster_unhealthy"
        return OK, "health_check_ok"

    def on_response_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Says who was checked; other responses tell while the proxy counts as failed."""
        response = stream.response
        if response is None:
            return CONTINUE
        if stream.notes is not None and self in stream.notes:
            if self._cache is not None:
                self._cache.put(int(response[b":status"]), _DEGRADED in response)
            response.set(b"x-envoy-upstream-healthchecked-cluster", self._node_cluster)
        elif self._runtime.health_failed:
            response.set(b"x-envoy-immediate-health-check-fail", b"true")
        return CONTINUE


def build_health_check(config: bytes, stat_prefix: str, services: FilterServices) -> HealthCheck:
    """From the filter's message; InvalidInput with all that is wrong."""
    proto = HealthCheckProto.FromString(config)
    problems: list[FieldProblem] = []
    made = HealthCheck(build_header_conditions(proto.headers, "headers", problems), services)
    passes = proto.pass_through_mode.value
    if not passes and proto.HasField("cache_time") and proto.cache_time.ToMilliseconds():
        problems.append(FieldProblem("cache_time", "must not be set when pass_through_mode is false"))
    if problems:
        raise InvalidInput(problems)
    made.use(proto)
    return made
