"""Whether a request is tried again."""

import pytest

from tulle.proxy.headers import Headers
from tulle.proxy.http.filters.retry_state import CONTROL_HEADERS, RetryState
from tulle.proxy.router.retry_policy import RetryPolicy
from tulle.proxy.upstream.pools import PoolFailure

REFUSED = "remote refused stream reset"
REMOTE = "remote reset"
TERMINATION = "connection termination"


def state(retry_on: str, codes: tuple[int, ...] = (), **headers: str) -> RetryState:
    policy = RetryPolicy()
    policy.retry_on = frozenset(retry_on.split(","))
    policy.retriable_status_codes = frozenset(codes)
    fields = Headers({name.replace("_", "-").encode(): value.encode() for name, value in headers.items()})
    found = RetryState.of(policy, fields)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("retry_on", "statuses"),
    [
        ("5xx", {500, 502, 503, 504, 599}),
        ("gateway-error", {502, 503, 504}),
        ("retriable-4xx", {409}),
        ("retriable-status-codes", {418}),
        ("5xx,retriable-4xx", {409, 500, 502, 503, 504, 599}),
        ("connect-failure", set()),
        ("reset", set()),
    ],
)
def test_a_condition_names_statuses(retry_on: str, statuses: set[int]) -> None:
    found = state(retry_on, (418,))
    tried = (200, 400, 404, 409, 418, 500, 502, 503, 504, 599)
    assert {status for status in tried if found.wants_response(status, Headers())} == statuses


@pytest.mark.parametrize(
    ("retry_on", "reasons"),
    [
        ("5xx", {REMOTE, REFUSED, TERMINATION, PoolFailure.CONNECT_FAILURE, PoolFailure.TIMEOUT}),
        ("gateway-error", {REMOTE, REFUSED, TERMINATION, PoolFailure.CONNECT_FAILURE, PoolFailure.TIMEOUT}),
        ("reset", {REMOTE, REFUSED, TERMINATION, PoolFailure.CONNECT_FAILURE, PoolFailure.TIMEOUT}),
        ("connect-failure", {PoolFailure.CONNECT_FAILURE, PoolFailure.TIMEOUT}),
        ("refused-stream", {REFUSED}),
        ("retriable-4xx", set()),
    ],
)
def test_a_condition_names_resets(retry_on: str, reasons: set[str]) -> None:
    found = state(retry_on)
    tried = (REMOTE, REFUSED, TERMINATION, PoolFailure.CONNECT_FAILURE, PoolFailure.TIMEOUT, PoolFailure.OVERFLOW)
    assert {reason for reason in tried if found.wants_reset(reason)} == reasons


@pytest.mark.parametrize(("retry_on", "wanted"), [("5xx", True), ("reset", True), ("connect-failure", False)])
def test_a_try_that_was_too_slow_counts_as_a_reset(retry_on: str, wanted: bool) -> None:
    assert state(retry_on).wants_timeout() is wanted


def test_a_limited_response_is_tried_again_only_when_asked_for() -> None:
    limited = Headers({b"x-envoy-ratelimited": b"true"})
    assert not state("5xx").wants_response(503, limited)
    assert state("envoy-ratelimited").wants_response(429, limited)


@pytest.mark.parametrize(
    ("condition", "code"),
    [("cancelled", b"1"), ("deadline-exceeded", b"4"), ("resource-exhausted", b"8"), ("unavailable", b"14")],
)
def test_grpc_has_conditions_of_its_own(condition: str, code: bytes) -> None:
    assert state(condition).wants_response(200, Headers({b"grpc-status": code}))
    assert not state(condition).wants_response(200, Headers({b"grpc-status": b"0"}))
    assert not state(condition).wants_response(200, Headers())


def test_headers_of_the_request_add_to_the_policy() -> None:
    found = state(
        "connect-failure",
        x_envoy_retry_on="gateway-error, retriable-status-codes, nonsense",
        x_envoy_retriable_status_codes="418,x,429",
        x_envoy_max_retries="5",
    )
    assert found.wants_reset(PoolFailure.CONNECT_FAILURE)
    assert found.wants_response(502, Headers())
    assert found.wants_response(429, Headers())
    assert found.left == 5


def test_headers_alone_are_enough() -> None:
    headers = Headers({b"x-envoy-retry-on": b"5xx", b"x-envoy-retry-grpc-on": b"unavailable"})
    found = RetryState.of(None, headers)
    assert found is not None
    assert found.left == 1
    assert found.wants_response(200, Headers({b"grpc-status": b"14"}))


def test_the_control_headers_go_no_further() -> None:
    headers = Headers(dict.fromkeys(CONTROL_HEADERS, b"1"))
    assert RetryState.of(None, headers) is None
    assert not headers


def test_a_policy_without_a_known_condition_is_none() -> None:
    assert RetryState.of(RetryPolicy(), Headers()) is None


def test_the_pause_is_drawn_below_a_bound_that_doubles() -> None:
    found = state("5xx")
    found.left = 6
    bounds = [found.next_delay_s(0xFFFF) for _ in range(6)]
    assert bounds == pytest.approx([0.025, 0.05, 0.1, 0.2, 0.25, 0.25])
    assert found.left == 0
    assert found.next_delay_s(0) == 0.0
