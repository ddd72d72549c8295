"""The first bytes of a connection."""

from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fake_transport import FakeTransport
from tests.unit.proxy.listener.conftest import (
    HTTP_INSPECTOR,
    PROXY_PROTOCOL,
    TLS_INSPECTOR,
    ListenerBench,
    chain,
    listener_filter,
    listener_proto,
)
from tests.unit.proxy.listener.filters.test_client_hello import HELLO
from tulle.proxy.listener.listener import Listener, ListenerSurroundings
from tulle.proxy.listener.listener_plan import plan_listener

FILTERS = [listener_filter(url) for url in (PROXY_PROTOCOL, TLS_INSPECTOR, HTTP_INSPECTOR)]
HEADER = b"PROXY TCP4 1.2.3.4 5.6.7.8 10 20\r\n"
CHAINS = [
    chain("tls", {"server_names": ["*.example.com"], "transport_protocol": "tls"}),
    chain("h1", {"application_protocols": ["http/1.1"]}),
    chain("h2", {"application_protocols": ["h2c"]}),
    chain("other"),
]


def _accept(bench: ListenerBench, **fields: Any) -> FakeTransport:
    proto = listener_proto(*CHAINS, **{"listener_filters": FILTERS, **fields})
    around = ListenerSurroundings(bench.clock, bench.stats, 0, lambda address: None, count(1))
    transport = FakeTransport()
    Listener(plan_listener(proto, bench.extensions, bench.stats, {}), around).accept(transport)
    return transport


@given(
    st.sampled_from(
        [
            ("tls", HELLO),
            ("h1", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
            ("h2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore"),
            ("other", b"\x00\x01\x02\x03\x04\x05"),
        ]
    ),
    st.lists(st.integers(1, 600), max_size=8),
)
def test_any_pieces_lead_to_the_same_chain_and_lose_no_byte(case: tuple[str, bytes], cuts: list[int]) -> None:
    bench = ListenerBench()
    name, data = case
    transport = _accept(bench)
    stream = HEADER + data
    edges = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    for start, end in pairwise(edges):
        transport.receive(stream[start:end])
    (connection,) = bench.handlers[name].open
    assert connection.data == data
    assert connection.info.remote == "1.2.3.4:10"
    assert bench.gauges()["downstream_cx_active"] == 1
    assert "downstream_pre_cx_active" not in bench.gauges()


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=6))
def test_garbage_ends_in_a_chain_or_in_a_closed_connection(pieces: list[bytes]) -> None:
    bench = ListenerBench()
    transport = _accept(bench, listener_filters=FILTERS[1:])
    for piece in pieces:
        if not transport.is_closing():
            transport.receive(piece)
    bench.clock.turn(15)
    assert transport.is_closing() or sum(handler.connections for handler in bench.handlers.values()) == 1
    assert bench.gauges().get("downstream_pre_cx_active", 0) == 0


def test_a_silent_client_is_closed_after_fifteen_seconds(bench: ListenerBench) -> None:
    transport = _accept(bench)
    assert bench.gauges() == {"downstream_pre_cx_active": 1}
    bench.clock.turn(14.9)
    assert not transport.aborted
    bench.clock.turn(0.2)
    assert transport.aborted
    transport.settle()
    assert bench.counters() == {"downstream_pre_cx_timeout": 1}
    assert bench.gauges() == {}


def test_a_silent_client_may_go_on(bench: ListenerBench) -> None:
    fields = {"listener_filters_timeout": "1s", "continue_on_listener_filters_timeout": True}
    transport = _accept(bench, **fields)
    transport.receive(b"PRO")
    bench.clock.turn(1)
    assert bench.handlers["other"].open[0].data == b"PRO"
    assert bench.counters()["downstream_pre_cx_timeout"] == 1


def test_a_disabled_filter_waits_for_no_byte(bench: ListenerBench) -> None:
    here = {"destination_port_range": {"start": 80, "end": 81}}
    elsewhere = {"destination_port_range": {"start": 81, "end": 82}}
    disabled = [{**each, "filter_disabled": here} for each in FILTERS]
    _accept(bench, listener_filters=disabled)
    assert bench.handlers["other"].connections == 1
    _accept(bench, listener_filters=[*disabled[1:], {**FILTERS[0], "filter_disabled": elsewhere}])
    assert bench.gauges()["downstream_pre_cx_active"] == 1


def test_the_timeout_may_be_switched_off(bench: ListenerBench) -> None:
    transport = _accept(bench, listener_filters_timeout="0s")
    bench.clock.turn(3600)
    assert not transport.aborted


def test_a_refused_connection_is_closed(bench: ListenerBench) -> None:
    transport = _accept(bench)
    transport.receive(b"GET / HTTP/1.1\r\n")
    assert transport.aborted
    transport.settle()
    assert bench.gauges() == {}
    assert bench.counters() == {"proxy_proto.not_found_disallowed": 1, "downstream_cx_proxy_proto_error": 1}


@pytest.mark.parametrize("reset", [True, False])
def test_a_client_that_leaves_is_counted(bench: ListenerBench, reset: bool) -> None:
    transport = _accept(bench)
    transport.receive(b"PROXY TCP4")
    if reset:
        transport.reset()
    else:
        transport.receive_eof()
        transport.settle()
    name = "downstream_listener_filter_error" if reset else "downstream_listener_filter_remote_close"
    assert bench.counters() == {name: 1}
    assert bench.gauges() == {}
    bench.clock.turn(15)
    assert bench.counters() == {name: 1}
