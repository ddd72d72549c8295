"""How much a cluster may be asked for at once."""

from tulle.protos.messages import CircuitBreakers
from tulle.protos.reading import parse_message
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.circuit_breakers import DEFAULT, HIGH, build_circuit_breakers, describe_thresholds
from tulle.proxy.upstream.cluster_stats import ClusterStats

_PREFIX = "cluster.c.circuit_breakers.default."


def test_envoys_defaults_hold_for_what_is_not_said() -> None:
    proto = parse_message(CircuitBreakers, {"thresholds": [{"priority": "HIGH", "max_requests": 7}]})
    breakers = build_circuit_breakers(proto, ClusterStats(StatsStore(), "cluster.c."))
    assert breakers[DEFAULT].limits[:4] == (1024, 1024, 1024, 3)
    assert breakers[HIGH].limits[:4] == (1024, 1024, 7, 3)
    assert describe_thresholds(breakers)["high"] == {
        "max_connections": 1024,
        "max_pending_requests": 1024,
        "max_requests": 7,
        "max_retries": 3,
    }


def test_what_is_over_the_limit_is_refused_and_the_gauge_shows_it() -> None:
    store = StatsStore()
    proto = parse_message(
        CircuitBreakers, {"thresholds": [{"max_requests": 2, "max_pending_requests": 1, "max_retries": 0}]}
    )
    breaker = build_circuit_breakers(proto, ClusterStats(store, "cluster.c."))[DEFAULT]
    assert [breaker.try_request() for _ in range(3)] == [True, True, False]
    assert store.gauge(_PREFIX + "rq_open").value == 1
    breaker.end_request()
    assert store.gauge(_PREFIX + "rq_open").value == 0
    assert breaker.try_request()
    assert [breaker.try_pending() for _ in range(2)] == [True, False]
    assert store.gauge(_PREFIX + "rq_pending_open").value == 1
    breaker.end_pending()
    assert store.gauge(_PREFIX + "rq_pending_open").value == 0
    assert not breaker.try_retry()


def test_connections_may_go_over_the_limit_because_a_host_may_always_have_one() -> None:
    store = StatsStore()
    proto = parse_message(CircuitBreakers, {"thresholds": [{"max_connections": 1}]})
    breaker = build_circuit_breakers(proto, ClusterStats(store, "cluster.c."))[DEFAULT]
    assert breaker.can_connect()
    breaker.add_connection()
    assert not breaker.can_connect()
    breaker.add_connection()
    breaker.end_connection()
    assert store.gauge(_PREFIX + "cx_open").value == 1
    breaker.end_connection()
    assert store.gauge(_PREFIX + "cx_open").value == 0


def test_what_remains_is_shown_when_it_is_asked_for() -> None:
    store = StatsStore()
    proto = parse_message(
        CircuitBreakers, {"thresholds": [{"max_requests": 5, "max_retries": 2, "track_remaining": True}]}
    )
    breaker = build_circuit_breakers(proto, ClusterStats(store, "cluster.c."))[DEFAULT]
    assert store.gauge(_PREFIX + "remaining_cx").value == 1024
    breaker.try_request()
    breaker.try_pending()
    breaker.try_retry()
    breaker.add_connection()
    remaining = {name: store.gauge(f"{_PREFIX}remaining_{name}").value for name in ("cx", "pending", "rq", "retries")}
    assert remaining == {"cx": 1023, "pending": 1023, "rq": 4, "retries": 1}
    breaker.end_request()
    breaker.end_pending()
    breaker.end_retry()
    breaker.end_connection()
    assert store.gauge(_PREFIX + "remaining_rq").value == 5


def test_a_limit_that_is_never_reached_makes_no_stat() -> None:
    store = StatsStore()
    breaker = build_circuit_breakers(CircuitBreakers(), ClusterStats(store, "cluster.c."))[DEFAULT]
    breaker.try_request()
    breaker.end_request()
    assert store.snapshot().gauges == {}
