"""When and how often a request is tried again (envoy.config.route.v3.RetryPolicy)."""

from google.protobuf.duration_pb2 import Duration

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import RetryPolicy as RetryPolicyProto
from tulle.proxy.router.conditions import HeaderCondition, build_header_conditions
from tulle.proxy.router.string_match import Problems

DEFAULT_BASE_INTERVAL_S = 0.025  # Envoy: runtime upstream.base_retry_backoff_ms
DEFAULT_MAX_RESET_INTERVAL_S = 300.0

# Words of `retry_on` that Envoy knows; it passes over others.
CONDITIONS = frozenset(
    {
        "5xx",
        "gateway-error",
        "reset",
        "reset-before-request",
        "connect-failure",
        "envoy-ratelimited",
        "retriable-4xx",
        "refused-stream",
        "retriable-status-codes",
        "retriable-headers",
        "http3-post-connect-failure",
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    }
)


class RetryPolicy:
    """A value: what the router filter needs to know to decide on a retry."""

    __slots__ = (
        "base_interval_s",
        "host_selection_attempts",
        "max_interval_s",
        "num_retries",
        "per_try_idle_timeout_s",
        "per_try_timeout_s",
        "reset_headers",
        "reset_max_interval_s",
        "retriable_headers",
        "retriable_request_headers",
        "retriable_status_codes",
        "retry_on",
    )

    def __init__(self) -> None:
        self.retry_on: frozenset[str] = frozenset()
        self.num_retries = 1
        self.per_try_timeout_s = 0.0  # 0: none
        self.per_try_idle_timeout_s = 0.0
        self.retriable_status_codes: frozenset[int] = frozenset()
        self.retriable_headers: tuple[HeaderCondition, ...] = ()
        self.retriable_request_headers: tuple[HeaderCondition, ...] = ()
        self.base_interval_s = DEFAULT_BASE_INTERVAL_S
        self.max_interval_s = 10 * DEFAULT_BASE_INTERVAL_S
        self.host_selection_attempts = 1
        # Headers of a response that tell when to come again: (name, whether it holds a Unix time).
        self.reset_headers: tuple[tuple[bytes, bool], ...] = ()
        self.reset_max_interval_s = DEFAULT_MAX_RESET_INTERVAL_S


def seconds_of(duration: Duration) -> float:
    """A duration in seconds, cut to whole milliseconds as Envoy does."""
    return duration.ToMilliseconds() / 1000


def build_retry_policy(proto: RetryPolicyProto, path: str, problems: Problems) -> RetryPolicy:
    """The value that a RetryPolicy describes, with Envoy's defaults."""
    policy = RetryPolicy()
    words = frozenset(word.strip() for word in proto.retry_on.split(","))
    policy.retry_on = words & CONDITIONS
    if proto.HasField("num_retries"):
        policy.num_retries = proto.num_retries.value
    policy.per_try_timeout_s = seconds_of(proto.per_try_timeout)
    policy.per_try_idle_timeout_s = seconds_of(proto.per_try_idle_timeout)
    policy.retriable_status_codes = frozenset(proto.retriable_status_codes)
    policy.retriable_headers = build_header_conditions(proto.retriable_headers, f"{path}.retriable_headers", problems)
    policy.retriable_request_headers = build_header_conditions(
        proto.retriable_request_headers, f"{path}.retriable_request_headers", problems
    )
    policy.host_selection_attempts = proto.host_selection_retry_max_attempts or 1
    _read_back_off(proto, policy, path, problems)
    return policy


def _read_back_off(proto: RetryPolicyProto, policy: RetryPolicy, path: str, problems: Problems) -> None:
    if proto.HasField("retry_back_off"):
        back_off = proto.retry_back_off
        policy.base_interval_s = max(0.001, seconds_of(back_off.base_interval))
        policy.max_interval_s = 10 * policy.base_interval_s
        if back_off.HasField("max_interval"):
            policy.max_interval_s = max(0.001, seconds_of(back_off.max_interval))
            if policy.max_interval_s < policy.base_interval_s:
                message = "must be greater than or equal to the base_interval"
                problems.append(FieldProblem(f"{path}.retry_back_off.max_interval", message))
    if proto.HasField("rate_limited_retry_back_off"):
        limited = proto.rate_limited_retry_back_off
        unix = RetryPolicyProto.UNIX_TIMESTAMP
        policy.reset_headers = tuple(
            (header.name.lower().encode(), header.format == unix) for header in limited.reset_headers
        )
        if limited.HasField("max_interval"):
            policy.reset_max_interval_s = max(0.001, seconds_of(limited.max_interval))
