"""Options of listening sockets."""

import socket
from typing import Any

from tulle.protos.messages import Listener
from tulle.protos.reading import parse_message
from tulle.proxy.server.socket_options import BOUND, LISTENING, PREBIND, Option, options_of, set_options


def _listener(**fields: Any) -> Listener:
    where = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    return parse_message(Listener, {"name": "l", "address": where, **fields})


def test_a_plain_listener_has_none() -> None:
    assert options_of(_listener(), 0, socket.AF_INET) == []
    assert options_of(_listener(), 0, socket.AF_UNIX) == []


def test_ipv6_sockets_take_no_ipv4_unless_asked() -> None:
    only = Option(PREBIND, socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    both = only._replace(value=0)
    assert options_of(_listener(), 0, socket.AF_INET6) == [only]
    more = [{"address": {"socket_address": {"address": "::", "port_value": 1, "ipv4_compat": True}}}]
    assert options_of(_listener(additional_addresses=more), 1, socket.AF_INET6) == [both]


def test_capture_sets_its_options_by_family() -> None:
    listener = _listener(transparent=True, freebind=True)
    assert [option.name for option in options_of(listener, 0, socket.AF_INET)] == [15, 19]
    assert [option.name for option in options_of(listener, 0, socket.AF_INET6)][1:] == [78, 75]


def test_keepalive_may_be_the_listeners_or_an_addresss() -> None:
    more = [
        {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 1}}},
        {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 2}}, "tcp_keepalive": {}},
    ]
    keepalive = {"keepalive_probes": 3, "keepalive_time": 60, "keepalive_interval": 5}
    listener = _listener(tcp_keepalive=keepalive, additional_addresses=more)
    full = [(socket.SO_KEEPALIVE, 1), (socket.TCP_KEEPCNT, 3), (socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 5)]
    for index in (0, 1):
        assert [(each.name, each.value) for each in options_of(listener, index, socket.AF_INET)] == full
    assert [(each.name, each.value) for each in options_of(listener, 2, socket.AF_INET)] == full[:1]


def test_an_address_may_have_options_of_its_own() -> None:
    given = [{"level": 1, "name": 2, "int_value": 3}, {"level": 1, "name": 4, "buf_value": "YWI=", "state": 1}]
    more = [
        {
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 1}},
            "socket_options": {"socket_options": [{"level": 9, "name": 9, "int_value": 9, "state": 2}]},
        }
    ]
    listener = _listener(socket_options=given, additional_addresses=more)
    assert options_of(listener, 0, socket.AF_INET) == [Option(PREBIND, 1, 2, 3), Option(BOUND, 1, 4, b"ab")]
    assert options_of(listener, 1, socket.AF_INET) == [Option(LISTENING, 9, 9, 9)]


def test_fast_open_is_set_when_the_socket_listens() -> None:
    (option,) = options_of(_listener(tcp_fast_open_queue_length=5), 0, socket.AF_INET)
    assert (option.state, option.value) == (LISTENING, 5)


def test_only_the_options_of_a_state_are_set() -> None:
    options = [
        Option(PREBIND, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        Option(BOUND, socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    ]
    with socket.socket() as opened:
        set_options(opened, options, PREBIND)
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert not opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
