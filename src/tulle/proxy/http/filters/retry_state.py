"""Whether one request is tried again, and after how long (Envoy: retry_state_impl.cc)."""

from tulle.proxy.headers import Headers, whole_number
from tulle.proxy.router.retry_policy import CONDITIONS, RetryPolicy
from tulle.proxy.upstream.pools import PoolFailure

RETRY_ON = b"x-envoy-retry-on"
RETRY_GRPC_ON = b"x-envoy-retry-grpc-on"
MAX_RETRIES = b"x-envoy-max-retries"
STATUS_CODES = b"x-envoy-retriable-status-codes"
CONTROL_HEADERS = (RETRY_ON, RETRY_GRPC_ON, MAX_RETRIES, STATUS_CODES)

_LOCAL_RESET = "local reset"
_REFUSED = "remote refused stream reset"
_CONNECT = frozenset({PoolFailure.CONNECT_FAILURE, PoolFailure.TIMEOUT})
_COUNTS_AS_5XX = frozenset({"reset", "5xx", "gateway-error"})
_GATEWAY_ERRORS = frozenset({502, 503, 504})
_GRPC = {
    b"1": "cancelled",
    b"4": "deadline-exceeded",
    b"13": "internal",
    b"8": "resource-exhausted",
    b"14": "unavailable",
}
_DEFAULT = RetryPolicy()
_MAX_UINT32 = 2**32 - 1


class RetryState:
    """Made for a request that may be tried again; `left` is how often."""

    __slots__ = ("_conditions", "_policy", "_status_codes", "_tries", "left")

    def __init__(self, policy: RetryPolicy, conditions: frozenset[str], status_codes: frozenset[int]) -> None:
        self._policy = policy
        self._conditions = conditions
        self._status_codes = status_codes
        self._tries = 0
        self.left = policy.num_retries

    @classmethod
    def of(cls, policy: RetryPolicy | None, headers: Headers) -> "RetryState | None":
        """By the route's policy and what the request asks for by headers, which go no further; None: never again."""
        conditions = policy.retry_on if policy is not None else frozenset()
        status_codes = policy.retriable_status_codes if policy is not None else frozenset()
        asked = [headers.get(name) for name in (RETRY_ON, RETRY_GRPC_ON)]
        for words in asked:
            if words is not None:
                found = {word.strip() for word in words.decode("latin-1").split(",")}
                conditions = conditions | (found & CONDITIONS)
        codes = headers.get(STATUS_CODES)
        if codes is not None:
            status_codes = status_codes | {whole_number(code, _MAX_UINT32) or 0 for code in codes.split(b",")}
        most = headers.get(MAX_RETRIES)
        for name in CONTROL_HEADERS:
            if name in headers:
                headers.remove(name)
        if not conditions:
            return None
        state = cls(policy or _DEFAULT, conditions, status_codes)
        asked_for = whole_number(most, _MAX_UINT32)
        if asked_for is not None:
            state.left = asked_for
        return state

    def wants_response(self, status: int, headers: Headers) -> bool:
        """Whether a response is one that another try may better."""
        conditions = self._conditions
        if b"x-envoy-ratelimited" in headers:
            return "envoy-ratelimited" in conditions
        if status >= 500 and "5xx" in conditions:
            return True
        if status in _GATEWAY_ERRORS and "gateway-error" in conditions:
            return True
        if status == 409 and "retriable-4xx" in conditions:
            return True
        if status in self._status_codes and "retriable-status-codes" in conditions:
            return True
        grpc_status = headers.get(b"grpc-status")
        return grpc_status is not None and _GRPC.get(grpc_status) in conditions

    def wants_reset(self, reason: str) -> bool:
        """Whether a try that ended without a response is one that another may better."""
        conditions = self._conditions
        if reason == PoolFailure.OVERFLOW:
            return False
        if not conditions.isdisjoint(_COUNTS_AS_5XX):
            return True
        if reason == _REFUSED and "refused-stream" in conditions:
            return True
        return reason in _CONNECT and ("connect-failure" in conditions or "reset-before-request" in conditions)

    def wants_timeout(self) -> bool:
        """Whether a try that took too long is one that another may better."""
        return self.wants_reset(_LOCAL_RESET)

    def next_delay_s(self, random: int) -> float:
        """Takes one of the tries that are left; how long to wait, between nothing and a bound that doubles."""
        self.left -= 1
        policy = self._policy
        bound_s: float = min(policy.base_interval_s * 2**self._tries, policy.max_interval_s)
        self._tries += 1
        return bound_s * (random & 0xFFFF) / 0xFFFF
