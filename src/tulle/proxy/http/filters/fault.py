"""Makes requests late or fail, to try what clients make of it (envoy.filters.http.fault)."""

from typing import TYPE_CHECKING, Any

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import FaultAbort, FaultDelay, FractionalPercent, HTTPFault
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import CONTINUE, PAUSE, HttpFilter, Verdict
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.local_reply import is_grpc_request
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.router.conditions import HeaderCondition, build_header_conditions
from tulle.proxy.telemetry.response_flags import ResponseFlag
from tulle.proxy.telemetry.stats import Counter, Gauge, StatsGroup

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

_FAULT = "envoy.extensions.filters.http.fault.v3."
_COMMON = "envoy.extensions.filters.common.fault.v3."
# The names of runtime keys are only that: no layer of the runtime sets them, so that the fields beside them count.
SUPPORTED: dict[str, frozenset[str]] = {
    f"{_FAULT}HTTPFault": frozenset(
        {
            "delay",
            "abort",
            "upstream_cluster",
            "headers",
            "downstream_nodes",
            "max_active_faults",
            "delay_percent_runtime",
            "abort_percent_runtime",
            "delay_duration_runtime",
            "abort_http_status_runtime",
            "max_active_faults_runtime",
            "abort_grpc_status_runtime",
            "disable_downstream_cluster_stats",
        }
    ),
    f"{_FAULT}FaultAbort": frozenset({"http_status", "grpc_status", "header_abort", "percentage", "response_body"}),
    f"{_FAULT}FaultAbort.HeaderAbort": frozenset(),
    f"{_COMMON}FaultDelay": frozenset({"fixed_delay", "header_delay", "percentage"}),
    f"{_COMMON}FaultDelay.HeaderDelay": frozenset(),
}

_DELAY = b"x-envoy-fault-delay-request"
_ABORT = b"x-envoy-fault-abort-request"
_ABORT_GRPC = b"x-envoy-fault-abort-grpc-request"
_CLUSTER = b"x-envoy-downstream-service-cluster"
_NODE = b"x-envoy-downstream-service-node"
_DENOMINATORS = {0: 100, 1: 10_000, 2: 1_000_000}  # FractionalPercent.DenominatorType


class FaultStats(StatsGroup):
    """http.<stat_prefix>.fault.*"""

    aborts_injected: Counter
    delays_injected: Counter
    faults_overflow: Counter
    response_rl_injected: Counter
    active_faults: Gauge


class Share:
    """Which part of the requests is hit; a header may ask for a smaller part."""

    __slots__ = ("_denominator", "_header", "_numerator")

    def __init__(self, proto: FractionalPercent, header: bytes | None = None) -> None:
        self._numerator = proto.numerator
        self._denominator = _DENOMINATORS[proto.denominator]
        self._header = header

    def hits(self, headers: Headers, random: int) -> bool:
        """Whether this request is one of them."""
        numerator = self._numerator
        if self._header is not None:
            asked = number_in(headers, self._header)
            if asked is not None:
                numerator = min(asked, numerator)
        return random % self._denominator < numerator


def number_in(headers: Headers, name: bytes) -> int | None:
    """The whole number that the first line of a header holds."""
    value = headers.get(name)
    if value is None or len(value) > 20:
        return None
    value = value.strip()
    return int(value) if value.isdigit() else None


class Delay:
    """How long requests are held; `fixed_s` is None where a header says it."""

    __slots__ = ("fixed_s", "share")

    def __init__(self, proto: FaultDelay) -> None:
        fixed = proto.WhichOneof("fault_delay_secifier") == "fixed_delay"
        self.fixed_s = proto.fixed_delay.ToMilliseconds() / 1000 if fixed else None
        self.share = Share(proto.percentage, None if fixed else _DELAY + b"-percentage")

    def seconds(self, headers: Headers) -> float:
        """0.0: no delay."""
        if self.fixed_s is not None:
            return self.fixed_s
        return (number_in(headers, _DELAY) or 0) / 1000


class Abort:
    """What is answered instead; both statuses are 0 where headers say it."""

    __slots__ = ("_by_header", "body", "grpc_status", "http_status", "share")

    def __init__(self, proto: FaultAbort) -> None:
        kind = proto.WhichOneof("error_type")
        self._by_header = kind == "header_abort"
        self.http_status = proto.http_status if kind == "http_status" else None
        self.grpc_status = proto.grpc_status if kind == "grpc_status" else None
        self.body = proto.response_body.encode() or b"fault filter abort"
        self.share = Share(proto.percentage, _ABORT + b"-percentage" if self._by_header else None)

    def statuses(self, headers: Headers) -> tuple[int, int | None] | None:
        """HTTP's and gRPC's; None: a header should say it and does not."""
        if not self._by_header:
            return (self.http_status, None) if self.http_status is not None else (200, self.grpc_status)
        status = number_in(headers, _ABORT)
        if status is not None and 200 <= status < 600:
            return status, None
        status = number_in(headers, _ABORT_GRPC)
        return None if status is None else (200, status)


class FaultRule:
    """What one message says: whom it hits, and how."""

    __slots__ = ("abort", "conditions", "counts_clusters", "delay", "most_active", "nodes", "upstream_cluster")

    def __init__(self, conditions: tuple[HeaderCondition, ...]) -> None:
        self.conditions = conditions
        self.delay: Delay | None = None
        self.abort: Abort | None = None
        self.upstream_cluster = ""
        self.nodes: frozenset[bytes] = frozenset()
        self.most_active: int | None = None
        self.counts_clusters = True

    def hits(self, stream: "Stream") -> bool:
        """Whether the request is one that may be hit."""
        headers = stream.request
        if self.upstream_cluster and (stream.choice is None or stream.choice.cluster_name != self.upstream_cluster):
            return False
        if self.nodes and headers.get(_NODE) not in self.nodes:
            return False
        return all(condition.holds(headers) for condition in self.conditions)


class _Hit:
    """What is kept of a stream that is hit; forgotten when the stream ends."""

    __slots__ = ("abort", "cluster", "fault", "stream", "timer")

    def __init__(self, fault: "Fault", stream: "Stream", rule: FaultRule) -> None:
        self.fault = fault
        self.stream = stream
        self.abort = rule.abort
        # Of the client, for stats of its own.
        self.cluster = stream.request.get(_CLUSTER, b"") if rule.counts_clusters else b""
        self.timer: Any = None

    def on_late(self) -> None:
        """The delay is over."""
        self.timer = None
        self.fault.go_on(self.stream, self)


class Fault(HttpFilter):
    """The rule of the route, else its own."""

    __slots__ = ("_idle", "_prefix", "_rule", "_runtime", "_stats", "_store")

    def __init__(self, rule: FaultRule, stat_prefix: str, services: FilterServices) -> None:
        self._rule = rule
        self._idle = rule.delay is None and rule.abort is None
        self._runtime: HttpRuntime = services.runtime
        self._store = services.stats
        self._prefix = f"{stat_prefix}fault."
        self._stats = FaultStats(services.stats, self._prefix)

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Holds the request, or answers it, or lets it pass."""
        settings = stream.settings
        rule = settings.get(self.name, self._rule) if settings else self._rule
        if rule is self._rule and self._idle and rule.most_active is None:
            return CONTINUE
        return self._try(stream, rule if isinstance(rule, FaultRule) else self._rule)

    def _try(self, stream: "Stream", rule: FaultRule) -> Verdict:
        stats = self._stats
        if rule.most_active is not None and stats.active_faults.value >= rule.most_active:
            stats.faults_overflow.value += 1
            return CONTINUE
        if not rule.hits(stream):
            return CONTINUE
        headers, delay = stream.request, rule.delay
        hit = _Hit(self, stream, rule)
        if delay is not None and delay.share.hits(headers, self._runtime.random_bits(64)):
            seconds = delay.seconds(headers)
            if seconds > 0:
                self._begin(stream, hit, "delays_injected")
                stream.response_flags |= ResponseFlag.DELAY_INJECTED
                hit.timer = self._runtime.loop.call_later(seconds, hit.on_late)
                return PAUSE
        return self._abort(stream, hit)

    def _begin(self, stream: "Stream", hit: _Hit, what: str) -> None:
        """Counts a fault; delay and abort of one request are one active fault."""
        if stream.notes is None or self not in stream.notes:
            stream.note(self, hit)
            self._stats.active_faults.value += 1
        getattr(self._stats, what).value += 1
        if hit.cluster:
            name = hit.cluster.decode("utf-8", "replace").replace(":", "_")
            self._store.counter(f"{self._prefix}{name}.{what}").value += 1

    def go_on(self, stream: "Stream", hit: _Hit) -> None:
        """A delay is over: an abort may follow."""
        if not stream.ended and stream.response is None and not self._abort(stream, hit):
            stream.resume_request()

    def _abort(self, stream: "Stream", hit: _Hit) -> Verdict:
        abort, headers = hit.abort, stream.request
        if abort is None or not abort.share.hits(headers, self._runtime.random_bits(64)):
            return CONTINUE
        statuses = abort.statuses(headers)
        if statuses is None:
            return CONTINUE
        status, grpc_status = statuses
        self._begin(stream, hit, "aborts_injected")
        extra: Headers | None = None
        if grpc_status is not None and is_grpc_request(headers):
            extra = Headers({b"grpc-status": b"%d" % grpc_status})
        return stream.reply(status, abort.body, "fault_filter_abort", ResponseFlag.FAULT_INJECTED, extra)

    def on_stream_end(self, stream: "Stream") -> None:
        """The fault is over."""
        notes = stream.notes
        if notes is None:
            return
        hit = notes.pop(self, None)
        if hit is not None:
            self._stats.active_faults.value -= 1
            if hit.timer is not None:
                hit.timer.cancel()


def build_fault(config: bytes, stat_prefix: str, services: FilterServices) -> Fault:
    """From the filter's message; InvalidInput with all that is wrong."""
    return Fault(build_fault_rule(config), stat_prefix, services)


def build_fault_rule(config: bytes) -> FaultRule:
    """From the message of the filter, which is that of a route too; InvalidInput with all that is wrong."""
    proto = HTTPFault.FromString(config)
    problems: list[FieldProblem] = []
    rule = FaultRule(build_header_conditions(proto.headers, "headers", problems))
    if problems:
        raise InvalidInput(problems)
    rule.delay = Delay(proto.delay) if proto.HasField("delay") else None
    rule.abort = Abort(proto.abort) if proto.HasField("abort") else None
    rule.upstream_cluster = proto.upstream_cluster
    rule.nodes = frozenset(node.encode() for node in proto.downstream_nodes)
    rule.most_active = proto.max_active_faults.value if proto.HasField("max_active_faults") else None
    rule.counts_clusters = not proto.disable_downstream_cluster_stats
    return rule
