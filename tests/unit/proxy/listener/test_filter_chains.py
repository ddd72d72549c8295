"""Filter chains as they are built and carried over."""

import asyncio

import pytest

from tests.support.fake_transport import FakeTransport
from tests.unit.proxy.listener.conftest import ListenerBench, chain, listener_proto
from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import DownstreamTlsContext
from tulle.protos.messages import Listener as ListenerProto
from tulle.proxy.listener.filter_chains import Extensions, FilterChains, below, build_filter_chains
from tulle.proxy.network.network_filter import ListenerFacts, Take
from tulle.proxy.telemetry.connection_info import ConnectionInfo

FACTS = ListenerFacts("l", "127.0.0.1:80", "listener.127.0.0.1_80.")
TLS = {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"}


def _build(bench: ListenerBench, proto: ListenerProto, known: FilterChains | None = None) -> FilterChains:
    return build_filter_chains(proto, FACTS, bench.extensions, known.by_bytes if known is not None else {})


def _problems(bench: ListenerBench, proto: ListenerProto) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        _build(bench, proto)
    return [str(problem) for problem in caught.value.problems]


def test_the_default_chain_takes_what_no_other_wants(bench: ListenerBench) -> None:
    chains = _build(
        bench,
        listener_proto({**chain("a", {"destination_port": 81}), "name": "first"}, default_filter_chain=chain("b")),
    )
    info = ConnectionInfo()
    found = chains.find(info)
    assert found is not None
    assert found.handler is bench.handlers["b"]
    info.local_port = 81
    found = chains.find(info)
    assert found is not None
    assert found.name == "first"


def test_unchanged_chains_are_carried_over(bench: ListenerBench) -> None:
    old = _build(bench, listener_proto(chain("a", {"destination_port": 81}), chain("b")))
    new = _build(bench, listener_proto(chain("a", {"destination_port": 82}), chain("b")), old)
    assert bench.built == ["a", "b", "a"]
    assert old.find(ConnectionInfo()) is new.find(ConnectionInfo())


def test_all_problems_are_told_at_once(bench: ListenerBench) -> None:
    unknown = {"filters": [{"name": "f", "typed_config": TLS}]}
    empty: dict[str, object] = {"filters": [], "filter_chain_match": {"server_names": ["*"]}}
    assert _problems(bench, listener_proto(chain("bad"), unknown, empty, default_filter_chain=chain("bad"))) == [
        "filter_chains[0].filters[0].typed_config.value: is bad",
        f"filter_chains[1].filters[0].typed_config: {TLS['@type']} is not a supported network filter",
        "filter_chains[2].filters: wants a filter",
        "default_filter_chain.filters[0].typed_config.value: is bad",
        "filter_chains[2].filter_chain_match.server_names[0]: * is not supported: "
        "a wildcard stands for the first labels, as in *.example.com",
    ]


def test_a_transport_socket_that_nobody_builds_is_rejected(bench: ListenerBench) -> None:
    proto = listener_proto(chain("a", transport_socket={"name": "tls", "typed_config": TLS}))
    assert _problems(bench, proto) == [
        f"filter_chains[0].transport_socket: {TLS['@type']} is not a supported transport socket"
    ]


class _Handshake:
    """A transport socket whose handshake eats one byte."""

    def __init__(self) -> None:
        self.timeouts: list[float] = []

    def accept(
        self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes, take: Take, timeout_s: float = 0.0
    ) -> None:
        self.timeouts.append(timeout_s)
        take(transport, info, received[1:])


HANDSHAKE = _Handshake()


def _build_handshake(config: bytes, facts: ListenerFacts) -> _Handshake | None:
    proto = DownstreamTlsContext.FromString(config)
    if proto.require_sni.value:
        raise InvalidInput([FieldProblem("require_sni", "is bad")])
    return None if proto.prefer_client_ciphers else HANDSHAKE


def test_a_transport_socket_stands_before_the_filters(bench: ListenerBench) -> None:
    extensions = Extensions(bench.extensions.network_filters, {}, {TLS["@type"]: _build_handshake})

    def proto(**config: bool) -> ListenerProto:
        socket = {"name": "tls", "typed_config": {**TLS, **config}}
        return listener_proto(chain("a", transport_socket=socket, transport_socket_connect_timeout="3s"))

    found = build_filter_chains(proto(), FACTS, extensions, {}).find(ConnectionInfo())
    assert found is not None
    found.take(FakeTransport(), ConnectionInfo(), b"abc")
    assert (bench.handlers["a"].open[0].data, HANDSHAKE.timeouts) == (b"bc", [3.0])
    plain = build_filter_chains(proto(prefer_client_ciphers=True), FACTS, extensions, {}).find(ConnectionInfo())
    assert plain is not None
    plain.take(FakeTransport(), ConnectionInfo(), b"abc")
    assert bench.handlers["a"].open[0].data == b"abc"
    with pytest.raises(InvalidInput, match=r"filter_chains\[0\].transport_socket.typed_config.require_sni: is bad"):
        build_filter_chains(proto(require_sni=True), FACTS, extensions, {})


def test_paths_are_told_from_further_up() -> None:
    problems = (FieldProblem("b", "x"), FieldProblem("", "y"))
    assert [str(each) for each in below("a", problems)] == ["a.b: x", "a: y"]


GATE = "type.googleapis.com/google.protobuf.BoolValue"


def _build_gate(config: bytes, facts: ListenerFacts, following: Take) -> Take:
    """Lets connections of one name through, and writes down that it saw them."""
    if config:
        raise InvalidInput([FieldProblem("value", "is not wanted")])

    def take(transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        if info.requested_server_name == "welcome":
            following(transport, info, received + b"!")
        else:
            transport.abort()

    return take


def _with_gates(bench: ListenerBench, *gates: bool) -> FilterChains:
    filters = [{"name": "g", "typed_config": {"@type": GATE, "value": bad}} for bad in gates]
    proto = listener_proto({"filters": [*filters, *chain("a")["filters"]]})
    extensions = bench.extensions._replace(connection_filters={GATE: _build_gate})
    return build_filter_chains(proto, FACTS, extensions, {})


def test_filters_before_the_last_decide_in_their_order(bench: ListenerBench) -> None:
    found = _with_gates(bench, False, False).find(ConnectionInfo())
    assert found is not None
    info, transport = ConnectionInfo(), FakeTransport()
    found.take(transport, info, b"hello")
    assert transport.aborted
    info.requested_server_name = "welcome"
    found.take(FakeTransport(), info, b"hello")
    assert [connection.data for connection in bench.handlers["a"].open] == [b"hello!!"]


def test_a_problem_of_a_filter_before_the_last_has_its_path(bench: ListenerBench) -> None:
    with pytest.raises(InvalidInput, match=r"filter_chains\[0\].filters\[1\].typed_config.value: is not wanted"):
        _with_gates(bench, False, True)


def test_exactly_the_last_filter_is_terminal(bench: ListenerBench) -> None:
    gate = {"name": "g", "typed_config": {"@type": GATE, "value": False}}
    terminal = chain("a")["filters"][0]
    extensions = bench.extensions._replace(connection_filters={GATE: _build_gate})
    proto = listener_proto({"filters": [terminal, gate]})
    with pytest.raises(InvalidInput) as caught:
        build_filter_chains(proto, FACTS, extensions, {})
    assert [str(problem) for problem in caught.value.problems] == [
        "filter_chains[0].filters[0]: must stand last, as it is terminal",
        "filter_chains[0].filters[1]: must be terminal, as it stands last",
    ]
