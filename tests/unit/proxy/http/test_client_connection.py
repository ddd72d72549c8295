"""What our connections to hosts have in common: idling, ageing, what is counted at their end."""

from typing import Any

from tests.support.http_bench import HttpBench
from tests.unit.proxy.http.h1.test_client import OK, asked, asks_again


def test_a_connection_that_nobody_uses_is_closed(bench: HttpBench) -> None:
    options: dict[str, Any] = {"common_http_protocol_options": {"idle_timeout": "10s"}}
    bench.add_cluster("c", **options)
    _, up = asked(bench)
    bench.turn(8.0)
    up.receive(OK)
    bench.turn(9.9)
    assert not up.is_closing()
    bench.turn(0.2)
    assert up.is_closing()
    assert bench.of("c", "upstream_cx_idle_timeout") == 1
    assert asks_again(bench)


def test_a_connection_lives_no_longer_than_it_may(bench: HttpBench) -> None:
    bench.add_cluster("c", common_http_protocol_options={"max_connection_duration": "10s"})
    client, up = asked(bench)
    bench.turn(10.0)
    assert not up.is_closing()
    assert asks_again(bench)
    up.receive(OK)
    assert client.written.endswith(b"hi")
    assert up.is_closing()
    assert bench.of("c", "upstream_cx_max_duration_reached") == 1


def test_what_a_connection_was_is_counted_at_its_end(bench: HttpBench) -> None:
    _, up = asked(bench)
    up.receive(OK)
    bench.turn(0.5)
    up.receive_eof()
    bench.turn()
    assert bench.of("c", "upstream_cx_destroy") == 1
    assert bench.of("c", "upstream_cx_destroy_remote") == 1
    assert bench.of("c", "upstream_cx_destroy_with_active_rq") == 0
    assert bench.of("c", "upstream_cx_rx_bytes_total") == len(OK)
    assert bench.of("c", "upstream_cx_tx_bytes_total") == len(up.written)
    histograms = bench.stats.snapshot().histograms
    assert histograms["cluster.c.upstream_rq_per_cx"] == {1: 1}
    assert histograms["cluster.c.upstream_cx_length_ms"] == {500: 1}


def test_the_local_address_is_told(bench: HttpBench) -> None:
    _, up = asked(bench)
    assert up.protocol.local_address == "127.0.0.1:40000"
    assert up.protocol.protocol_name == "HTTP/1.1"


def test_no_timer_holds_a_connection_that_is_gone(bench: HttpBench) -> None:
    bench.add_cluster("c", common_http_protocol_options={"max_connection_duration": "7200s"})
    _, up = asked(bench)
    up.receive(OK)
    assert bench.clock.holds(type(up.protocol))
    up.reset()
    assert not bench.clock.holds(type(up.protocol))
