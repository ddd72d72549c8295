"""Retry policies."""

import pytest

from tulle.api.networking.virtual_service import HTTPRetry
from tulle.controlplane.translate.retries import DEFAULT_RETRY_ON, inbound_retries, translate_retries
from tulle.protos.reading import to_dict
from tulle.protos.validate import validate

ROWS = [
    (None, None, {"retry_on": DEFAULT_RETRY_ON, "num_retries": 2}),
    (HTTPRetry(attempts=5), None, {"retry_on": DEFAULT_RETRY_ON, "num_retries": 5}),
    (None, HTTPRetry(attempts=1, retry_on="reset"), {"retry_on": "reset", "num_retries": 1}),
    (
        HTTPRetry(attempts=3, retry_on="5xx, 503", per_try_timeout="2s", backoff="10ms"),
        HTTPRetry(attempts=1),
        {
            "retry_on": "5xx,retriable-status-codes",
            "num_retries": 3,
            "per_try_timeout": "2s",
            "retriable_status_codes": [503],
            "retry_back_off": {"base_interval": "0.010s"},
        },
    ),
    (HTTPRetry(attempts=1, retry_on="503"), None,
     {"retry_on": "retriable-status-codes", "num_retries": 1, "retriable_status_codes": [503]}),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "mesh", "expected"), ROWS)
def test_a_policy_is_the_routes_or_the_meshs_or_istios(
    wanted: HTTPRetry | None, mesh: HTTPRetry | None, expected: dict[str, object]
) -> None:
    policy = translate_retries(wanted, mesh)
    assert policy is not None
    assert validate(policy) == []
    assert to_dict(policy) == expected


def test_no_attempts_mean_no_policy() -> None:
    assert translate_retries(HTTPRetry(attempts=0), HTTPRetry(attempts=3)) is None


def test_the_application_is_tried_again_only_when_the_request_did_not_reach_it() -> None:
    assert inbound_retries().retry_on == "reset-before-request"
