"""EndpointSlices."""

import pytest

from tulle.api.core.endpoint_slice import EndpointConditions


@pytest.mark.parametrize(
    ("ready", "terminating", "expected"),
    [(None, None, True), (True, None, True), (False, None, False), (None, True, False), (True, True, True)],
)
def test_an_endpoint_gets_requests_unless_it_is_not_ready_or_ends(
    ready: bool | None, terminating: bool | None, expected: bool
) -> None:
    assert EndpointConditions(ready=ready, terminating=terminating).takes_traffic is expected
