"""The client's machines converge with any server that follows the protocol, whatever is lost on the way."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tulle.protos.messages import Cluster, DeltaDiscoveryResponse, DiscoveryResponse, Node
from tulle.protos.type_urls import CLUSTER
from tulle.proxy.xds.delta import Delta
from tulle.proxy.xds.inventory import Inventory
from tulle.proxy.xds.receiver import Receiver
from tulle.proxy.xds.sotw import Sotw

_NAMES = st.sampled_from(["a", "b", "c", "d"])
# What happens in turn: the server's state changes, it pushes, or the stream breaks.
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), _NAMES, st.integers(1, 9)),
        st.tuples(st.just("delete"), _NAMES, st.just(0)),
        st.tuples(st.just("push"), st.just(""), st.just(0)),
        st.tuples(st.just("break"), st.just(""), st.just(0)),
    ),
    max_size=30,
)


def _cluster(name: str, value: int) -> Cluster:
    return Cluster(name=name, alt_stat_name=str(value))


class _Client:
    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.published: dict[str, bytes] = {}
        self.inventory = Inventory(self._publish)
        self.receiver = Receiver(self.inventory, lambda type_url, message: [], lambda listener: "")
        machine.subscribe(CLUSTER, None)

    def _publish(self, type_url: str, name: str, data: bytes | None) -> None:
        if data is None:
            del self.published[name]
        else:
            self.published[name] = data

    def hears(self, response: Any) -> Any:
        received = self.machine.receive(response)
        assert self.receiver.apply(received) == ""
        (answer,) = self.machine.ack(received)
        return answer

    def state(self) -> dict[str, int]:
        return {name: int(Cluster.FromString(data).alt_stat_name) for name, data in self.published.items()}


class _SotwServer:
    def __init__(self) -> None:
        self.state: dict[str, int] = {}
        self.nonce = 0

    def accept(self, request: Any) -> None:
        assert not request.response_nonce

    def push(self, client: _Client) -> None:
        self.nonce += 1
        response = DiscoveryResponse(type_url=CLUSTER, version_info=str(self.nonce), nonce=str(self.nonce))
        for name, value in self.state.items():
            response.resources.add().Pack(_cluster(name, value))
        answer = client.hears(response)
        assert (answer.version_info, answer.response_nonce) == (str(self.nonce), str(self.nonce))


class _DeltaServer:
    """Sends only what the client does not have, as far as the client said."""

    def __init__(self) -> None:
        self.state: dict[str, int] = {}
        self.known: dict[str, str] = {}
        self.nonce = 0

    def accept(self, request: Any) -> None:
        self.known = dict(request.initial_resource_versions)

    def push(self, client: _Client) -> None:
        self.nonce += 1
        response = DeltaDiscoveryResponse(type_url=CLUSTER, nonce=str(self.nonce))
        for name, value in self.state.items():
            if self.known.get(name) != str(value):
                response.resources.add(name=name, version=str(value)).resource.Pack(_cluster(name, value))
        response.removed_resources.extend(sorted(self.known.keys() - self.state.keys()))
        assert client.hears(response).response_nonce == str(self.nonce)
        self.known = {name: str(value) for name, value in self.state.items()}


def _play(client: _Client, server: Any, steps: list[tuple[str, str, int]]) -> None:
    (request,) = client.machine.open()
    server.accept(request)
    for step, name, value in steps:
        match step:
            case "set":
                server.state[name] = value
            case "delete":
                server.state.pop(name, None)
            case "push":
                server.push(client)
                assert client.state() == server.state
            case "break":
                client.machine.close()
                (request,) = client.machine.open()
                server.accept(request)
    server.push(client)
    assert client.state() == server.state


@given(_STEPS)
@settings(max_examples=150, deadline=None)
def test_a_sotw_client_holds_what_the_server_holds_after_every_push(steps: list[tuple[str, str, int]]) -> None:
    _play(_Client(Sotw(Node(id="n"))), _SotwServer(), steps)


@given(_STEPS)
@settings(max_examples=150, deadline=None)
def test_a_delta_client_holds_what_the_server_holds_after_every_push(steps: list[tuple[str, str, int]]) -> None:
    _play(_Client(Delta(Node(id="n"))), _DeltaServer(), steps)
