"""When a request is tried again (Istio: pilot/pkg/networking/core/route/retry/retry.go)."""

from tulle.api.durations import parse_duration
from tulle.api.networking.virtual_service import HTTPRetry
from tulle.protos.messages import RetryPolicy

# Istio's default for routes to services: nothing that a service may have acted on is sent again.
DEFAULT_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled"
DEFAULT_ATTEMPTS = 2


def translate_retries(wanted: HTTPRetry | None, mesh_default: HTTPRetry | None) -> RetryPolicy | None:
    """The policy of a route, else that of the mesh, else Istio's; no policy when 0 attempts are asked for."""
    chosen = wanted or mesh_default
    policy = RetryPolicy(retry_on=DEFAULT_RETRY_ON)
    policy.num_retries.value = DEFAULT_ATTEMPTS
    if chosen is None:
        return policy
    if chosen.attempts <= 0:
        return None
    policy.num_retries.value = chosen.attempts
    if chosen.retry_on:
        words, codes = split_retry_on(chosen.retry_on)
        if codes and "retriable-status-codes" not in words:
            words.append("retriable-status-codes")
        policy.retry_on = ",".join(words)
        policy.retriable_status_codes.extend(codes)
    timeout = parse_duration(chosen.per_try_timeout or "")
    if timeout:
        policy.per_try_timeout.FromTimedelta(timeout)
    backoff = parse_duration(chosen.backoff or "")
    if backoff:
        policy.retry_back_off.base_interval.FromTimedelta(backoff)
    return policy


def inbound_retries() -> RetryPolicy:
    """From a sidecar to its application: what did not reach it is sent again (Istio: inbound default policy)."""
    policy = RetryPolicy(retry_on="reset-before-request")
    policy.num_retries.value = DEFAULT_ATTEMPTS
    return policy


def split_retry_on(text: str) -> tuple[list[str], list[int]]:
    """The conditions and the status codes of a list like `5xx,connect-failure,503`."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [part for part in parts if not part.isdigit()], [int(part) for part in parts if part.isdigit()]
