"""Retry policies."""

from tests.support.route_tables import match, request, route, route_problems, table_of
from tulle.proxy.router.retry_policy import RetryPolicy


def _policy(policy: dict[str, object]) -> RetryPolicy:
    found = match(table_of(route(retry_policy=policy)), request())
    assert found is not None
    assert found.retry_policy is not None
    return found.retry_policy


def test_defaults_are_envoys() -> None:
    policy = _policy({"retry_on": "5xx, unavailable ,bogus"})
    assert policy.retry_on == {"5xx", "unavailable"}
    assert policy.num_retries == 1
    assert (policy.per_try_timeout_s, policy.per_try_idle_timeout_s) == (0, 0)
    assert (policy.base_interval_s, policy.max_interval_s) == (0.025, 0.25)
    assert policy.host_selection_attempts == 1
    assert (policy.reset_headers, policy.reset_max_interval_s) == ((), 300)


def test_every_field_is_read() -> None:
    policy = _policy(
        {
            "num_retries": 0,
            "per_try_timeout": "0.5s",
            "per_try_idle_timeout": "0.25s",
            "retriable_status_codes": [418, 503],
            "retriable_headers": [{"name": "x"}],
            "retriable_request_headers": [{"name": "y"}, {"name": "z"}],
            "host_selection_retry_max_attempts": 3,
            "retry_back_off": {"base_interval": "0.1s"},
            "rate_limited_retry_back_off": {
                "reset_headers": [{"name": "Retry-After"}, {"name": "X-Reset", "format": "UNIX_TIMESTAMP"}],
                "max_interval": "10s",
            },
        }
    )
    assert policy.num_retries == 0
    assert (policy.per_try_timeout_s, policy.per_try_idle_timeout_s) == (0.5, 0.25)
    assert policy.retriable_status_codes == {418, 503}
    assert (len(policy.retriable_headers), len(policy.retriable_request_headers)) == (1, 2)
    assert policy.host_selection_attempts == 3
    assert (policy.base_interval_s, policy.max_interval_s) == (0.1, 1.0)
    assert policy.reset_headers == ((b"retry-after", False), (b"x-reset", True))
    assert policy.reset_max_interval_s == 10


def test_intervals_are_a_millisecond_at_least_and_in_order() -> None:
    tiny = _policy({"retry_back_off": {"base_interval": "0.0001s", "max_interval": "0.0001s"}})
    assert (tiny.base_interval_s, tiny.max_interval_s) == (0.001, 0.001)
    wrong = route(retry_policy={"retry_back_off": {"base_interval": "1s", "max_interval": "0.5s"}})
    assert set(route_problems(wrong)) == {"virtual_hosts[0].routes[0].route.retry_policy.retry_back_off.max_interval"}


def test_a_route_has_its_own_policy_or_the_virtual_hosts_whole() -> None:
    routes = table_of(
        route({"prefix": "/own"}, retry_policy={"retry_on": "reset"}),
        route(),
        retry_policy={"retry_on": "5xx", "num_retries": 7},
    )
    own, inherited = match(routes, request("/own")), match(routes, request("/"))
    assert own is not None
    assert inherited is not None
    assert own.retry_policy is not None
    assert inherited.retry_policy is not None
    assert (own.retry_policy.retry_on, own.retry_policy.num_retries) == ({"reset"}, 1)
    assert (inherited.retry_policy.retry_on, inherited.retry_policy.num_retries) == ({"5xx"}, 7)
