"""What a terminal filter is told of its listener."""

from tulle.proxy.network.network_filter import ListenerFacts


def test_a_mebibyte_may_wait_for_a_connection_by_default() -> None:
    facts = ListenerFacts("l", "127.0.0.1:80", "listener.127.0.0.1_80.")
    assert (facts.buffer_limit, facts.traffic_direction) == (1_048_576, 0)
