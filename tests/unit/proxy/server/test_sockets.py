"""Listening sockets."""

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tulle.protos.messages import Listener
from tulle.protos.reading import parse_message
from tulle.proxy.server.sockets import ListeningSockets, Place, is_bound, places_of


def _listener(address: str = "127.0.0.1", port: int = 0, **more: object) -> Listener:
    where = {"socket_address": {"address": address, "port_value": port}}
    return parse_message(Listener, {"name": "l", "address": where, **more})


@pytest.fixture
def sockets() -> Iterator[ListeningSockets]:
    made = ListeningSockets(2)
    yield made
    made.close()


def _port(sockets: ListeningSockets, listener: Listener) -> int:
    return int(sockets.addresses(listener)[0].rpartition(":")[2])


def test_each_worker_has_a_socket_of_its_own_on_one_port(sockets: ListeningSockets) -> None:
    listener = _listener()
    sockets.bind(listener)
    descriptors = [sockets.descriptors(listener, worker) for worker in (0, 1)]
    assert descriptors[0] != descriptors[1]
    ports = {socket.socket(fileno=socket.dup(found[0])).getsockname()[1] for found in descriptors}
    assert ports == {_port(sockets, listener)}


def test_without_reuse_port_all_workers_share_one_socket(sockets: ListeningSockets) -> None:
    listener = _listener(enable_reuse_port=False)
    sockets.bind(listener)
    assert sockets.descriptors(listener, 0) == sockets.descriptors(listener, 1)


def test_connections_are_refused_until_a_worker_takes_the_socket(sockets: ListeningSockets) -> None:
    listener = _listener()
    sockets.bind(listener)
    where = ("127.0.0.1", _port(sockets, listener))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where)
    sockets.descriptors(listener, 0)
    socket.create_connection(where).close()


def test_an_address_that_is_taken_is_named(sockets: ListeningSockets) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot bind '127.0.0.1:{port}'") as caught:
            sockets.bind(_listener(port=port))
        assert caught.value.errno == errno.EADDRINUSE


def test_a_place_that_nobody_wants_is_closed_and_others_stay(sockets: ListeningSockets) -> None:
    kept, dropped = _listener(), _listener(address="127.0.0.2")
    sockets.bind(kept)
    sockets.bind(dropped)
    before = sockets.addresses(kept)
    sockets.keep_only(places_of(kept))
    sockets.bind(kept)
    assert sockets.addresses(kept) == before
    assert sockets.descriptors(dropped, 0) == []


def test_a_listener_that_is_not_bound_has_an_address_but_no_socket(sockets: ListeningSockets) -> None:
    listener = _listener(port=80, bind_to_port=False)
    assert not is_bound(listener)
    sockets.bind(listener)
    assert sockets.descriptors(listener, 0) == []
    assert sockets.addresses(listener) == ["127.0.0.1:80"]


def test_a_unix_socket_leaves_no_file_behind(sockets: ListeningSockets, tmp_path: Path) -> None:
    path = tmp_path / "l.sock"
    listener = parse_message(Listener, {"name": "l", "address": {"pipe": {"path": str(path)}}})
    sockets.bind(listener)
    assert path.is_socket()
    assert sockets.addresses(listener) == [str(path)]
    sockets.keep_only(())
    assert not path.exists()


def test_additional_addresses_are_places_too() -> None:
    more = [{"address": {"socket_address": {"address": "::1", "port_value": 81}}}]
    assert places_of(_listener(port=80, additional_addresses=more)) == [Place("127.0.0.1", 80), Place("::1", 81)]
    assert str(Place("::1", 81)) == "[::1]:81"


def test_options_reach_the_socket_and_follow_the_listener(sockets: ListeningSockets) -> None:
    plain = _listener()
    sockets.bind(plain)
    descriptor = sockets.descriptors(plain, 0)[0]
    sockets.bind(_listener(tcp_keepalive={"keepalive_time": 77}))
    with socket.socket(fileno=socket.dup(descriptor)) as opened:
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 77


def test_an_option_that_the_kernel_refuses_is_an_error_of_the_address(sockets: ListeningSockets) -> None:
    with pytest.raises(OSError, match=r"cannot bind '127.0.0.1:0': Protocol not available"):
        sockets.bind(_listener(socket_options=[{"level": 1, "name": 9999, "int_value": 1}]))
