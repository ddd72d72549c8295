"""Delays and aborts."""

from typing import Any

import pytest

from tests.support.http_bench import FILTERS, HttpBench, body_of, head_of
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import FaultAbort, FractionalPercent, HTTPFault
from tulle.protos.reading import parse_message
from tulle.proxy.headers import Headers
from tulle.proxy.http.filters.fault import Abort, Delay, Share, build_fault_rule, number_in

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
ALL = {"percentage": {"numerator": 100}}
FAULT = "fault.v3.HTTPFault"
ABORT = {"abort": {"http_status": 418, **ALL}}
DELAY = {"delay": {"fixed_delay": "0.3s", **ALL}}


def test_an_abort_answers_in_the_place_of_the_host(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(FAULT, ABORT), GET)
    assert head_of(client.written)[0] == b"HTTP/1.1 418 I'm a Teapot"
    assert body_of(client.written) == b"fault filter abort"
    assert bench.log == ["GET / HTTP/1.1 418 fault_filter_abort FI 0 18 - -"]
    assert bench.http("fault.aborts_injected") == 1
    assert "http.t.fault.active_faults" not in bench.gauges()


def test_a_delay_holds_the_request_and_lets_it_go(bench: HttpBench) -> None:
    bench.connect(bench.filtered(FAULT, DELAY), GET)
    assert not bench.connector.attempts
    assert bench.stats.snapshot().gauges["http.t.fault.active_faults"] == 1
    bench.turn(0.2)
    assert not bench.connector.attempts
    bench.turn(0.2)
    assert len(bench.connector.attempts) == 1
    assert bench.http("fault.delays_injected") == 1


def test_a_delay_may_end_in_an_abort_and_counts_as_one_active_fault(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(FAULT, {**ABORT, **DELAY}), GET)
    bench.turn(0.4)
    assert head_of(client.written)[0].startswith(b"HTTP/1.1 418")
    assert bench.log == ["GET / HTTP/1.1 418 fault_filter_abort DI,FI 0 18 - -"]
    assert "http.t.fault.active_faults" not in bench.gauges()


def test_a_client_that_leaves_ends_the_delay(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(FAULT, DELAY), GET)
    client.reset()
    bench.turn(1)
    assert not bench.connector.attempts
    assert not bench.leftovers()


@pytest.mark.parametrize(
    "selector",
    [
        {"headers": [{"name": "x", "present_match": True}]},
        {"upstream_cluster": "other"},
        {"downstream_nodes": ["n"]},
        {"max_active_faults": 0},
        {"abort": {"http_status": 418, "percentage": {"numerator": 0}}},
        {"abort": {"header_abort": {}, **ALL}},
    ],
)
def test_what_is_not_selected_passes(bench: HttpBench, selector: dict[str, Any]) -> None:
    bench.connect(bench.filtered(FAULT, {**ABORT, **selector}), GET)
    assert len(bench.connector.attempts) == 1
    assert bench.http("fault.faults_overflow") == ("max_active_faults" in selector)


def test_the_rule_of_a_route_counts_before_the_filters_own(bench: HttpBench) -> None:
    settings = {"abort": {"http_status": 503, "response_body": "own", **ALL}}
    client = bench.connect(bench.filtered(FAULT, ABORT, settings), GET)
    assert head_of(client.written)[0].startswith(b"HTTP/1.1 503")
    assert body_of(client.written) == b"own"


def test_settings_of_another_filter_are_no_rule(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(FAULT, ABORT, ("buffer.v3.BufferPerRoute", {"disabled": True})), GET)
    assert head_of(client.written)[0].startswith(b"HTTP/1.1 418")


def test_a_clients_cluster_has_counts_of_its_own(bench: HttpBench) -> None:
    request = b"GET / HTTP/1.1\r\nhost: a\r\nx-envoy-downstream-service-cluster: shop\r\n\r\n"
    bench.connect(bench.filtered(FAULT, ABORT), request)
    assert bench.http("fault.shop.aborts_injected") == 1


def test_headers_ask_for_less_but_not_for_more() -> None:
    share = Share(FractionalPercent(numerator=50), b"x")
    assert [share.hits(Headers({b"x": value}), 49) for value in (b"100", b"49", b"50", b"no")] == [
        True,
        False,
        True,
        True,
    ]
    assert not share.hits(Headers({b"x": b"100"}), 50)


def test_a_number_is_the_whole_first_line() -> None:
    read = [number_in(Headers({b"x": value}), b"x") for value in (b"12", b" 12 ", b"-1", b"1.5", b"", b"9" * 21)]
    assert read == [12, 12, None, None, None, None]
    assert number_in(Headers(), b"x") is None


def test_statuses_come_from_headers_where_the_rule_says_so() -> None:
    abort = Abort(parse_message(FaultAbort, {"header_abort": {}, **ALL}))
    grpc = b"x-envoy-fault-abort-grpc-request"
    assert abort.statuses(Headers({b"x-envoy-fault-abort-request": b"503", grpc: b"7"})) == (503, None)
    assert abort.statuses(Headers({b"x-envoy-fault-abort-request": b"600", grpc: b"7"})) == (200, 7)
    assert abort.statuses(Headers()) is None
    assert Abort(parse_message(FaultAbort, {"grpc_status": 5, **ALL})).statuses(Headers()) == (200, 5)


def test_a_delay_comes_from_a_header_where_the_rule_says_so() -> None:
    delay = Delay(parse_message(HTTPFault, {"delay": {"header_delay": {}, **ALL}}).delay)
    assert delay.seconds(Headers({b"x-envoy-fault-delay-request": b"250"})) == 0.25
    assert delay.seconds(Headers()) == 0.0


def test_bad_conditions_are_named() -> None:
    config = parse_message(HTTPFault, {"headers": [{"name": "x", "safe_regex_match": {"regex": "("}}]})
    with pytest.raises(InvalidInput, match=r"headers\[0\].safe_regex_match.regex"):
        build_fault_rule(config.SerializeToString())


def test_a_filter_that_is_off_does_nothing_until_a_route_asks(bench: HttpBench) -> None:
    off = {"name": "f", "disabled": True, "typed_config": {"@type": FILTERS + FAULT, **ABORT}}
    router = {"name": "r", "typed_config": {"@type": FILTERS + "router.v3.Router"}}
    bench.connect(bench.manager(http_filters=[off, router]), GET)
    assert len(bench.connector.attempts) == 1
    route = {
        "match": {"prefix": "/"},
        "route": {"cluster": "c"},
        "typed_per_filter_config": {"f": {"@type": FILTERS + FAULT, **ABORT}},
    }
    client = bench.connect(bench.manager([route], http_filters=[off, router]), GET)
    assert head_of(client.written)[0].startswith(b"HTTP/1.1 418")
