"""A listener and its connections."""

from itertools import count

from tests.support.fake_transport import FakeTransport
from tests.unit.proxy.listener.conftest import (
    HTTP_INSPECTOR,
    PROXY_PROTOCOL,
    ListenerBench,
    chain,
    listener_filter,
    listener_proto,
)
from tulle.protos.messages import Listener as ListenerProto
from tulle.proxy.listener.listener import Listener, ListenerSurroundings
from tulle.proxy.listener.listener_plan import plan_listener
from tulle.proxy.network.addresses import SocketName


def _listener(bench: ListenerBench, proto: ListenerProto, others: dict[str, Listener] | None = None) -> Listener:
    def find(address: SocketName) -> Listener | None:
        return (others or {}).get(address.text)

    around = ListenerSurroundings(bench.clock, bench.stats, 3, find, count(1))
    return Listener(plan_listener(proto, bench.extensions, bench.stats, {}), around)


def test_a_connection_enters_the_chain_that_matches(bench: ListenerBench) -> None:
    listener = _listener(bench, listener_proto(chain("a", {"destination_port": 81}), chain("b")))
    listener.accept(FakeTransport(local=("127.0.0.1", 81)))
    listener.accept(FakeTransport(local=("127.0.0.1", 82)))
    info = bench.handlers["a"].open[0].info
    assert (info.connection_id, info.local, info.local_port) == (1, "127.0.0.1:81", 81)
    assert (info.remote, info.remote_ip, info.direct_remote) == ("127.0.0.1:5000", "127.0.0.1", "127.0.0.1:5000")
    assert info.start == bench.clock.time()
    assert bench.handlers["b"].open[0].info.connection_id == 2


def test_connections_are_counted_for_the_listener_and_the_worker(bench: ListenerBench) -> None:
    listener = _listener(bench, listener_proto(chain("a")))
    transport = FakeTransport()
    listener.accept(transport)
    assert bench.gauges() == {"downstream_cx_active": 1, "worker_3.downstream_cx_active": 1}
    bench.clock.turn(2)
    transport.reset()
    assert bench.gauges() == {}
    assert bench.counters() == {
        "downstream_cx_total": 1,
        "downstream_cx_destroy": 1,
        "worker_3.downstream_cx_total": 1,
    }
    assert bench.stats.snapshot().histograms["listener.127.0.0.1_80.downstream_cx_length_ms"] == {2000: 1}


def test_a_connection_that_no_chain_wants_is_closed(bench: ListenerBench) -> None:
    transport = FakeTransport()
    _listener(bench, listener_proto(chain("a", {"destination_port": 81}))).accept(transport)
    assert transport.aborted
    assert bench.counters() == {"no_filter_chain_match": 1}


def test_the_peer_of_a_unix_socket_is_named_like_the_socket(bench: ListenerBench) -> None:
    _listener(bench, listener_proto(chain("a"))).accept(FakeTransport(local="/run/l", remote=""))
    info = bench.handlers["a"].open[0].info
    assert (info.local, info.remote, info.remote_ip) == ("/run/l", "/run/l", "")


def test_a_redirected_connection_is_handed_to_the_listener_of_its_destination(bench: ListenerBench) -> None:
    inner = _listener(bench, listener_proto(chain("inner", {"destination_port": 9000}), port=9000))
    filters = [listener_filter(PROXY_PROTOCOL)]
    proto = listener_proto(chain("outer"), use_original_dst=True, listener_filters=filters)
    outer = _listener(bench, proto, {"10.0.0.1:9000": inner})
    for destination, name in (("10.0.0.1", "inner"), ("10.0.0.2", "outer")):
        transport = FakeTransport()
        outer.accept(transport)
        transport.receive(b"PROXY TCP4 1.2.3.4 " + destination.encode() + b" 10 9000\r\nhello")
        connection = bench.handlers[name].open[0]
        assert (connection.data, connection.info.remote) == (b"hello", "1.2.3.4:10")


def test_the_filters_of_the_other_listener_run_too(bench: ListenerBench) -> None:
    match = {"application_protocols": ["http/1.1"]}
    inner = _listener(
        bench,
        listener_proto(chain("inner", match), port=9000, listener_filters=[listener_filter(HTTP_INSPECTOR)]),
    )
    proto = listener_proto(chain("outer"), use_original_dst=True, listener_filters=[listener_filter(PROXY_PROTOCOL)])
    transport = FakeTransport()
    _listener(bench, proto, {"10.0.0.1:9000": inner}).accept(transport)
    transport.receive(b"PROXY TCP4 1.2.3.4 10.0.0.1 10 9000\r\nGET / HT")
    transport.receive(b"TP/1.1\r\n")
    assert bench.handlers["inner"].open[0].data == b"GET / HTTP/1.1\r\n"


def test_a_replaced_listener_gives_waiting_connections_to_its_successor(bench: ListenerBench) -> None:
    filters = [listener_filter(HTTP_INSPECTOR)]
    old = _listener(bench, listener_proto(chain("old"), listener_filters=filters))
    transport = FakeTransport()
    old.accept(transport)
    assert old.waiting == 1
    old.successor = _listener(bench, listener_proto(chain("new"), listener_filters=filters))
    transport.receive(b"GET / HTTP/1.1\r\n")
    assert old.waiting == 0
    assert bench.handlers["new"].connections == 1


def test_waiting_connections_can_be_closed(bench: ListenerBench) -> None:
    listener = _listener(bench, listener_proto(chain("a"), listener_filters=[listener_filter(HTTP_INSPECTOR)]))
    transport = FakeTransport()
    listener.accept(transport)
    listener.close_inspections()
    transport.settle()
    assert transport.aborted
    assert bench.gauges() == {}
    assert bench.counters() == {}
