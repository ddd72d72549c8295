"""Options of the proxy."""

from tulle.proxy.server.options import ProxyOptions


def test_a_stop_waits_for_the_drain_time_that_was_given_and_ten_seconds_otherwise() -> None:
    assert ProxyOptions("f").shutdown_drain_s == 10.0
    assert ProxyOptions("f", drain_time_s=0).shutdown_drain_s == 0.0
    assert ProxyOptions("f", drain_time_s=30).shutdown_drain_s == 30.0
