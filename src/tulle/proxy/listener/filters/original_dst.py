"""Where a redirected client wanted to go (envoy.filters.listener.original_dst)."""

import asyncio
import socket
import struct

from tulle.proxy.network.addresses import ip_name
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore

_SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h; IP6T_SO_ORIGINAL_DST has the same number
_IP_TRANSPARENT = 19  # linux/in.h
_IPV6_TRANSPARENT = 75
_IPV4_SIZE, _IPV6_SIZE = 16, 28  # of struct sockaddr_in and sockaddr_in6


class OriginalDst:
    """Asks the kernel, which knows what iptables REDIRECT changed; TPROXY leaves it as the socket's own address."""

    reads = False

    def accepted(self, transport: asyncio.Transport, info: ConnectionInfo) -> None:
        """Puts the address in the place of the local one."""
        opened = transport.get_extra_info("socket")
        wanted = read_original_dst(opened) if opened is not None else None
        if wanted is not None:
            info.original_dst = wanted
            info.local, _, info.local_port = ip_name(*wanted)

    def inspect(self, data: bytes, info: ConnectionInfo) -> int:
        """Nothing is read."""
        return 0


def read_original_dst(opened: socket.socket) -> tuple[str, int] | None:
    """The destination before it was rewritten; None when the kernel knows of none."""
    try:
        if opened.family == socket.AF_INET:
            if opened.getsockopt(socket.IPPROTO_IP, _IP_TRANSPARENT):
                return _own_address(opened)
            return parse_ipv4(opened.getsockopt(socket.IPPROTO_IP, _SO_ORIGINAL_DST, _IPV4_SIZE))
        if opened.family == socket.AF_INET6:
            if opened.getsockopt(socket.IPPROTO_IPV6, _IPV6_TRANSPARENT):
                return _own_address(opened)
            return parse_ipv6(opened.getsockopt(socket.IPPROTO_IPV6, _SO_ORIGINAL_DST, _IPV6_SIZE))
    except OSError:  # the connection was not redirected, or netfilter is not there
        return None
    return None


def _own_address(opened: socket.socket) -> tuple[str, int]:
    name = opened.getsockname()
    return name[0], name[1]


def parse_ipv4(raw: bytes) -> tuple[str, int]:
    """From a struct sockaddr_in."""
    port, ip = struct.unpack_from("!2xH4s", raw)
    return socket.inet_ntop(socket.AF_INET, ip), port


def parse_ipv6(raw: bytes) -> tuple[str, int]:
    """From a struct sockaddr_in6."""
    port, ip = struct.unpack_from("!2xH4x16s", raw)
    return socket.inet_ntop(socket.AF_INET6, ip), port


def build_original_dst(config: bytes, stats: StatsStore) -> OriginalDst:
    """The filter; it has no settings."""
    return OriginalDst()
