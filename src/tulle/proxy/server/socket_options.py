"""Options of listening sockets, as listeners ask for them; connections inherit them."""

import socket
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tulle.protos.messages import Listener, SocketOption, TcpKeepalive

PREBIND, BOUND, LISTENING = SocketOption.STATE_PREBIND, SocketOption.STATE_BOUND, SocketOption.STATE_LISTENING

_IP_FREEBIND = 15  # linux/in.h
_IP_TRANSPARENT = 19
_IPV6_TRANSPARENT = 75  # linux/in6.h
_IPV6_FREEBIND = 78
_TCP_FASTOPEN = 23  # linux/tcp.h


class Option(NamedTuple):
    """One call of setsockopt, and when it is due."""

    state: int
    level: int
    name: int
    value: int | bytes


def options_of(listener: Listener, index: int, family: int) -> list[Option]:
    """The options of a listener's address, by its index among all of them, in the order in which they are set."""
    if family == socket.AF_UNIX:
        return _given(listener.socket_options)
    options = [*_ip_options(listener, index, family)]
    own = listener.additional_addresses[index - 1] if index else None
    keepalive = listener.tcp_keepalive if listener.HasField("tcp_keepalive") else None
    if own is not None and own.HasField("tcp_keepalive"):
        keepalive = own.tcp_keepalive
    if keepalive is not None:
        options += _keepalive(keepalive)
    if listener.HasField("tcp_fast_open_queue_length"):
        value = listener.tcp_fast_open_queue_length.value
        options.append(Option(LISTENING, socket.IPPROTO_TCP, _TCP_FASTOPEN, value))
    overridden = own is not None and own.HasField("socket_options")
    return options + _given(own.socket_options.socket_options if own and overridden else listener.socket_options)


def _ip_options(listener: Listener, index: int, family: int) -> Iterable[Option]:
    six = family == socket.AF_INET6
    if six:
        address = listener.additional_addresses[index - 1].address if index else listener.address
        only = 0 if address.socket_address.ipv4_compat else 1
        yield Option(PREBIND, socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
    if listener.freebind.value:
        yield Option(PREBIND, level, _IPV6_FREEBIND if six else _IP_FREEBIND, 1)
    if listener.transparent.value:
        yield Option(PREBIND, level, _IPV6_TRANSPARENT if six else _IP_TRANSPARENT, 1)


def _keepalive(proto: TcpKeepalive) -> Iterable[Option]:
    yield Option(PREBIND, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for field, name in (
        ("keepalive_probes", socket.TCP_KEEPCNT),
        ("keepalive_time", socket.TCP_KEEPIDLE),
        ("keepalive_interval", socket.TCP_KEEPINTVL),
    ):
        if proto.HasField(field):
            yield Option(PREBIND, socket.IPPROTO_TCP, name, getattr(proto, field).value)


def _given(protos: Iterable[SocketOption]) -> list[Option]:
    return [
        Option(
            proto.state,
            proto.level,
            proto.name,
            proto.buf_value if proto.WhichOneof("value") == "buf_value" else proto.int_value,
        )
        for proto in protos
    ]


def set_options(opened: socket.socket, options: Sequence[Option], state: int) -> None:
    """Sets those that are due in this state."""
    for option in options:
        if option.state == state:
            opened.setsockopt(option.level, option.name, option.value)
