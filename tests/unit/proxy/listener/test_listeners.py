"""The listeners of a worker: updates, drains and removals."""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from tests.support.fake_transport import FakeTransport
from tests.unit.proxy.listener.conftest import (
    HTTP_INSPECTOR,
    ListenerBench,
    RecordingHandler,
    chain,
    listener_filter,
    listener_proto,
)
from tulle.foundation.errors import InvalidInput
from tulle.proxy.listener.listeners import ListenerSet
from tulle.proxy.network.addresses import ip_name


class SetBench(ListenerBench):
    """A listener set that is put listeners without sockets; connections are handed to it."""

    def __init__(self) -> None:
        super().__init__()
        loop: Any = self.clock
        self.set = ListenerSet(loop, self.stats, 0, self.extensions, drain_time_s=600)

    def put(self, *chains: dict[str, Any], name: str = "l", **fields: Any) -> None:
        self.set.put(name, listener_proto(*chains, **fields).SerializeToString(), [])

    def connect(self, port: int = 80, name: str = "127.0.0.1:80") -> FakeTransport:
        ip, _, listened = name.rpartition(":")
        listener = self.set.find_by_address(ip_name(ip, int(listened)))
        assert listener is not None
        transport = FakeTransport(local=("127.0.0.1", port))
        listener.accept(transport)
        return transport


@pytest.fixture
def bench() -> SetBench:
    return SetBench()


A, B = chain("a", {"destination_port": 81}), chain("b", {"destination_port": 82})
CHANGED_A = chain("a2", {"destination_port": 81})


def test_a_change_of_one_chain_drains_only_that(bench: SetBench) -> None:
    bench.put(A, B)
    first, second = bench.connect(81), bench.connect(82)
    bench.put(CHANGED_A, B)
    assert bench.handlers["a"].draining
    assert not bench.handlers["b"].draining
    assert bench.built == ["a", "b", "a2"]
    bench.connect(82)
    assert bench.handlers["b"].connections == 2
    bench.connect(81)
    assert (bench.handlers["a"].connections, bench.handlers["a2"].connections) == (1, 1)
    assert bench.set.connections == 4
    bench.clock.turn(599)
    assert not first.aborted
    bench.clock.turn(2)
    assert first.aborted
    assert not second.aborted


def test_any_other_change_drains_all_chains(bench: SetBench) -> None:
    bench.put(A, B)
    old = bench.handlers["b"]
    bench.put(A, B, traffic_direction="INBOUND")
    assert old.draining
    assert bench.handlers["b"] is not old
    assert bench.built == ["a", "b", "a", "b"]


def test_the_same_listener_again_drains_nothing(bench: SetBench) -> None:
    bench.put(A, default_filter_chain=B)
    bench.put(A, default_filter_chain=B)
    assert bench.built == ["a", "b"]
    assert not bench.handlers["a"].draining


def test_a_chain_that_is_idle_is_let_go_at_once(bench: SetBench) -> None:
    bench.put(A)
    bench.put(B)
    bench.clock.turn()
    assert bench.handlers["a"].closed
    assert bench.clock.waiting == 0


def test_a_chain_is_let_go_when_its_last_connection_ends(bench: SetBench) -> None:
    bench.put(A)
    transport = bench.connect(81)
    bench.put(B)
    bench.clock.turn(5)
    assert not bench.handlers["a"].closed
    transport.reset()
    bench.clock.turn(1)
    assert bench.handlers["a"].closed
    assert bench.clock.waiting == 0


def test_a_bad_listener_leaves_the_old_one_and_no_descriptor(bench: SetBench) -> None:
    bench.put(A)
    left, right = os.pipe()
    proto = listener_proto(chain("bad"))
    with pytest.raises(InvalidInput, match="is bad"):
        bench.set.put("l", proto.SerializeToString(), [left, right])
    for descriptor in (left, right):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
    assert not bench.connect(81).is_closing()
    assert not bench.handlers["a"].draining


def test_a_removed_listener_drains(bench: SetBench) -> None:
    bench.put(A)
    bench.connect(81)
    bench.set.remove("l")
    bench.set.remove("unknown")
    assert bench.handlers["a"].draining
    assert list(bench.set.names()) == []
    assert bench.set.connections == 1
    assert bench.set.find_by_address(ip_name("127.0.0.1", 80)) is None


def test_a_drain_of_everything_ends_when_the_last_connection_does(bench: SetBench) -> None:
    done: list[bool] = []
    bench.put(A)
    transport = bench.connect(81)
    bench.set.drain(30, lambda: done.append(True))
    bench.clock.turn(5)
    assert bench.handlers["a"].draining
    assert done == []
    transport.reset()
    bench.clock.turn(0.1)
    assert done == [True]
    assert bench.clock.waiting == 0


def test_a_drain_of_everything_has_a_bound(bench: SetBench) -> None:
    done: list[bool] = []
    bench.put(A)
    transport = bench.connect(81)
    bench.set.remove("l")
    bench.clock.turn(0.5)
    bench.set.drain(30, lambda: done.append(True))
    bench.clock.turn(30.1)
    assert transport.aborted
    assert done == [True]


def test_a_drain_without_connections_ends_at_once(bench: SetBench) -> None:
    done: list[bool] = []
    bench.set.drain(30, lambda: done.append(True))
    bench.clock.turn()
    assert done == [True]


def test_a_connection_without_a_chain_counts_and_ends_with_the_rest(bench: SetBench) -> None:
    bench.put(A, listener_filters=[listener_filter(HTTP_INSPECTOR)])
    transport = bench.connect(81)
    assert bench.set.connections == 1
    bench.set.close()
    assert transport.aborted
    assert bench.set.connections == 0


def test_listeners_can_be_drained_by_name_and_stay(bench: SetBench) -> None:
    bench.put(A)
    bench.put(B, name="other", port=90)
    bench.set.drain_listeners(["l", "unknown"], keep_open=True)
    bench.set.drain_listeners(["other"], keep_open=False)
    assert bench.handlers["a"].draining
    assert bench.handlers["b"].draining
    assert not bench.handlers["a"].closed
    assert list(bench.set.names()) == ["l", "other"]


def test_close_ends_everything(bench: SetBench) -> None:
    bench.put(A)
    first = bench.connect(81)
    bench.put(B)
    second = bench.connect(82)
    bench.set.close()
    assert first.aborted
    assert second.aborted


def test_a_destination_is_found_by_address_then_by_port(bench: SetBench) -> None:
    for index, (ip, port) in enumerate([("10.0.0.1", 80), ("0.0.0.0", 80), ("::", 80), ("::", 81)]):
        bench.put(chain(f"c{index}"), name=f"l{index}", ip=ip, port=port, bind_to_port=False)

    def found(ip: str, port: int) -> str | None:
        listener = bench.set.find_by_address(ip_name(ip, port))
        if listener is None:
            return None
        (found,) = listener.plan.chains.by_bytes.values()
        assert isinstance(found.handler, RecordingHandler)
        return found.handler.name

    assert found("10.0.0.1", 80) == "c0"
    assert found("10.0.0.2", 80) == "c1"
    assert found("2001:db8::1", 80) == "c2"
    assert found("10.0.0.2", 81) == "c3"
    assert found("10.0.0.1", 82) is None


def test_connections_are_numbered_over_all_listeners(bench: SetBench) -> None:
    bench.put(A)
    bench.put(B, name="other", port=90)
    bench.connect(81)
    bench.connect(82, "127.0.0.1:90")
    assert bench.handlers["a"].open[0].info.connection_id == 1
    assert bench.handlers["b"].open[0].info.connection_id == 2


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run], ids=["uvloop", "asyncio"])
def test_no_client_is_refused_while_a_listener_changes(run: Callable[..., None]) -> None:
    async def scenario() -> None:
        bench, opened = ListenerBench(), socket.create_server(("127.0.0.1", 0))
        listeners = ListenerSet(asyncio.get_running_loop(), bench.stats, 0, bench.extensions, drain_time_s=600)
        for version in range(20):
            proto = listener_proto(chain(f"v{version}"), traffic_direction=version % 3)
            listeners.put("l", proto.SerializeToString(), [socket.dup(opened.fileno())])
            _, writer = await asyncio.open_connection(*opened.getsockname())
            while not bench.handlers[f"v{version}"].connections:
                await asyncio.sleep(0)
            writer.close()
        descriptors = len(os.listdir("/proc/self/fd"))
        listeners.put("l", listener_proto(chain("last")).SerializeToString(), [socket.dup(opened.fileno())])
        assert len(os.listdir("/proc/self/fd")) == descriptors
        listeners.close()
        opened.close()

    run(scenario())
