"""Lets so many requests pass in a time (envoy.filters.http.local_ratelimit)."""

from math import ceil
from time import monotonic
from typing import TYPE_CHECKING

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import LocalRateLimit as LocalRateLimitProto
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import CONTINUE, HttpFilter, Verdict
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.local_reply import is_grpc_request
from tulle.proxy.router.conditions import FractionCondition
from tulle.proxy.router.header_edits import HeaderEdit, HeaderLists, build_header_edit
from tulle.proxy.router.inline_headers import OF_REQUESTS, OF_RESPONSES
from tulle.proxy.router.message_edits import ResponseEdit
from tulle.proxy.telemetry.response_flags import ResponseFlag
from tulle.proxy.telemetry.stats import Counter, StatsGroup, StatsStore

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

SUPPORTED: dict[str, frozenset[str]] = {
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit": frozenset(
        {
            "stat_prefix",
            "status",
            "token_bucket",
            "filter_enabled",
            "filter_enforced",
            "request_headers_to_add_when_not_enforced",
            "response_headers_to_add",
            "local_rate_limit_per_downstream_connection",
            "enable_x_ratelimit_headers",
            "rate_limited_as_resource_exhausted",
        }
    ),
    "envoy.type.v3.TokenBucket": frozenset({"max_tokens", "tokens_per_fill", "fill_interval"}),
    "envoy.type.v3.HttpStatus": frozenset({"code"}),
}

_SHORTEST_FILL_MS = 50
_TOO_MANY_REQUESTS = 429
_RESOURCE_EXHAUSTED = b"8"


class LimitStats(StatsGroup):
    """<stat_prefix>.http_local_rate_limit.*"""

    enabled: Counter
    enforced: Counter
    ok: Counter
    rate_limited: Counter


class TokenBucket:
    """Fills evenly up to `most`; every request takes one token (Envoy: AtomicTokenBucketImpl)."""

    __slots__ = ("_at", "_per_s", "_tokens", "most")

    def __init__(self, most: int, per_s: float) -> None:
        self.most = most
        self._per_s = per_s
        self._tokens = float(most)
        self._at = monotonic()

    def _fill(self) -> float:
        now = monotonic()
        tokens = self._tokens + (now - self._at) * self._per_s
        self._at = now
        self._tokens = tokens = tokens if tokens < self.most else float(self.most)
        return tokens

    def take(self) -> bool:
        """Whether there was a token."""
        if self._fill() < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def left(self) -> int:
        """How many whole tokens there are."""
        return int(self._fill())

    def next_s(self) -> int:
        """In how many seconds there is a token; 0: there is one."""
        missing = 1.0 - self._fill()
        return 0 if missing <= 0 else ceil(missing / self._per_s)


class LimitRule:
    """What one message says. `most` is 0 where there is no bucket, which lets all pass."""

    __slots__ = (
        "bucket",
        "by_connection",
        "enabled",
        "enforced",
        "exhausted",
        "most",
        "off",
        "per_s",
        "request_edit",
        "response_edit",
        "stat_prefix",
        "status",
        "tells",
    )

    def __init__(self, proto: LocalRateLimitProto) -> None:
        self.stat_prefix = proto.stat_prefix
        # Envoy: toErrorCode
        self.status: int = proto.status.code if proto.status.code >= 400 else _TOO_MANY_REQUESTS
        self.enabled = FractionCondition(proto.filter_enabled.default_value)  # nothing, when it is not set
        self.off = not proto.filter_enabled.default_value.numerator
        self.enforced = FractionCondition(proto.filter_enforced.default_value)
        self.tells = proto.enable_x_ratelimit_headers == 1
        self.exhausted = proto.rate_limited_as_resource_exhausted
        self.by_connection = proto.local_rate_limit_per_downstream_connection
        self.request_edit: HeaderEdit | None = None
        self.response_edit: ResponseEdit | None = None
        bucket = proto.token_bucket
        self.most = bucket.max_tokens if proto.HasField("token_bucket") else 0
        fill = bucket.tokens_per_fill.value if bucket.HasField("tokens_per_fill") else 1
        self.per_s = fill * 1000 / max(bucket.fill_interval.ToMilliseconds(), 1)
        self.bucket = self.new_bucket()

    def new_bucket(self) -> TokenBucket | None:
        """A full one."""
        return TokenBucket(self.most, self.per_s) if self.most else None


class LocalRateLimit(HttpFilter):
    """The rule of the route, else its own."""

    __slots__ = ("_random", "_rule", "_stats", "_store")

    def __init__(self, rule: LimitRule, services: FilterServices) -> None:
        self._rule = rule
        self._random = services.runtime.random_bits
        self._store: StatsStore = services.stats
        self._stats: dict[str, LimitStats] = {}
        self._stats_of(rule)

    def _stats_of(self, rule: LimitRule) -> LimitStats:
        found = self._stats.get(rule.stat_prefix)
        if found is None:
            found = LimitStats(self._store, f"{rule.stat_prefix}.http_local_rate_limit.")
            self._stats[rule.stat_prefix] = found
        return found

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Takes a token, or answers."""
        settings = stream.settings
        rule = settings.get(self.name, self._rule) if settings else self._rule
        if not isinstance(rule, LimitRule):
            rule = self._rule
        random = self._random
        if rule.off or not rule.enabled.hits(random(64)):
            return CONTINUE
        stats = self._stats_of(rule)
        stats.enabled.value += 1
        bucket = self._bucket_of(stream, rule) if rule.by_connection else rule.bucket
        if rule.tells and bucket is not None:
            stream.note(self, bucket)
        if bucket is None or bucket.take():
            stats.ok.value += 1
            return CONTINUE
        stats.rate_limited.value += 1
        if not rule.enforced.hits(random(64)):
            if rule.request_edit is not None:
                rule.request_edit.apply(stream.request, stream)
            return CONTINUE
        stats.enforced.value += 1
        return _refuse(stream, rule)

    def _bucket_of(self, stream: "Stream", rule: LimitRule) -> TokenBucket | None:
        """The connection's own bucket; made by the rule of its first request, as Envoy does."""
        kept = stream.connection.filter_notes
        if kept is None:
            kept = stream.connection.filter_notes = {}
        if LocalRateLimit not in kept:
            kept[LocalRateLimit] = rule.new_bucket()
        found: TokenBucket | None = kept[LocalRateLimit]
        return found

    def on_response_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Tells how many more may come."""
        notes, response = stream.notes, stream.response
        if notes is None or response is None:
            return CONTINUE
        bucket = notes.get(self)
        if bucket is not None:
            response.add(b"x-ratelimit-limit", b"%d" % bucket.most)
            response.add(b"x-ratelimit-remaining", b"%d" % bucket.left())
            response.add(b"x-ratelimit-reset", b"%d" % bucket.next_s())
        return CONTINUE


def _refuse(stream: "Stream", rule: LimitRule) -> Verdict:
    extra: Headers | None = None
    if rule.exhausted and is_grpc_request(stream.request):
        extra = Headers({b"grpc-status": _RESOURCE_EXHAUSTED})
    stream.direct_edit = rule.response_edit
    return stream.reply(rule.status, b"local_rate_limited", "local_rate_limited", ResponseFlag.RATE_LIMITED, extra)


def build_local_ratelimit(config: bytes, stat_prefix: str, services: FilterServices) -> LocalRateLimit:
    """From the filter's message; InvalidInput with all that is wrong."""
    proto = LocalRateLimitProto.FromString(config)
    if services.workers > 1 and not proto.local_rate_limit_per_downstream_connection:
        message = f"is not shared by the {services.workers} workers: use one worker (--concurrency 1)"
        raise InvalidInput([FieldProblem("token_bucket", message)])
    return LocalRateLimit(build_limit_rule(config, of_route=False), services)


def build_limit_rule(config: bytes, of_route: bool = True) -> LimitRule:
    """From the message of the filter, which is that of a route too; InvalidInput with all that is wrong."""
    proto = LocalRateLimitProto.FromString(config)
    problems: list[FieldProblem] = []
    if of_route and not proto.HasField("token_bucket"):
        problems.append(FieldProblem("token_bucket", "must be set for a route"))
    if proto.HasField("token_bucket") and proto.token_bucket.fill_interval.ToMilliseconds() < _SHORTEST_FILL_MS:
        problems.append(FieldProblem("token_bucket.fill_interval", f"must be at least {_SHORTEST_FILL_MS} ms"))
    rule = LimitRule(proto)
    lists = HeaderLists("request", proto.request_headers_to_add_when_not_enforced, (), OF_REQUESTS)
    rule.request_edit = build_header_edit(lists, "", problems)
    edit = build_header_edit(HeaderLists("response", proto.response_headers_to_add, (), OF_RESPONSES), "", problems)
    rule.response_edit = None if edit is None else ResponseEdit([edit])
    if problems:
        raise InvalidInput(problems)
    return rule
