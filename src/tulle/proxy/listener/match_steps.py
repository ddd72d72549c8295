"""The nine steps of filter chain matching: each follows the most specific value that fits, and never comes back."""

from collections.abc import Hashable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Generic, TypeVar

from tulle.proxy.telemetry.connection_info import ConnectionInfo

C = TypeVar("C")

ANY = None  # the value of a criterion that a chain leaves open
LOCAL, EXTERNAL = 1, 2  # FilterChainMatch.ConnectionSourceType


class Node(Generic[C]):
    """The steps that remain."""

    __slots__ = ()

    def find(self, info: ConnectionInfo) -> C | None:
        """The chain for this connection."""
        raise NotImplementedError


class Leaf(Node[C]):
    """All steps are done."""

    __slots__ = ("_chain",)

    def __init__(self, chain: C | None) -> None:
        self._chain = chain

    def find(self, info: ConnectionInfo) -> C | None:
        return self._chain


class Step(Node[C]):
    """One criterion, by value; `open` is the way of chains that leave it open."""

    __slots__ = ("_by_value", "_open")

    def __init__(self, by_value: Mapping[Hashable, Node[C]]) -> None:
        self._by_value = {value: node for value, node in by_value.items() if value is not ANY}
        self._open = by_value.get(ANY)

    def find(self, info: ConnectionInfo) -> C | None:
        node = self.follow(info) or self._open
        return node.find(info) if node is not None else None

    def follow(self, info: ConnectionInfo) -> Node[C] | None:
        """The way of the most specific value that fits."""
        raise NotImplementedError


class DestinationPort(Step[C]):
    """`destination_port`."""

    __slots__ = ()

    def follow(self, info: ConnectionInfo) -> Node[C] | None:
        return self._by_value.get(info.local_port)


class ServerName(Step[C]):
    """`server_names`: the whole name, then `.example.com` and `.com` for `*.example.com` and `*.com`."""

    __slots__ = ()

    def follow(self, info: ConnectionInfo) -> Node[C] | None:
        name = info.requested_server_name
        node = self._by_value.get(name) if name else None
        dot = name.find(".", 1)
        while node is None and 0 < dot < len(name) - 1:
            node = self._by_value.get(name[dot:])
            dot = name.find(".", dot + 1)
        return node


class TransportProtocol(Step[C]):
    """`transport_protocol`."""

    __slots__ = ()

    def follow(self, info: ConnectionInfo) -> Node[C] | None:
        return self._by_value.get(info.transport_protocol)


class ApplicationProtocols(Step[C]):
    """`application_protocols`: the first of the client's list that a chain wants."""

    __slots__ = ()

    def follow(self, info: ConnectionInfo) -> Node[C] | None:
        for protocol in info.application_protocols:
            node = self._by_value.get(protocol)
            if node is not None:
                return node
        return None


class SourceType(Step[C]):
    """`source_type`."""

    __slots__ = ()

    def follow(self, info: ConnectionInfo) -> Node[C] | None:
        return self._by_value.get(LOCAL if is_local(info) else EXTERNAL)


def is_local(info: ConnectionInfo) -> bool:
    """Whether the peer is this machine (Envoy: Utility::isSameIpOrLoopback)."""
    peer = info.remote_ip
    return not peer or peer in ("127.0.0.1", "::1") or peer == _ip_of(info.local)


class SourcePort(Step[C]):
    """`source_ports`."""

    __slots__ = ()

    def follow(self, info: ConnectionInfo) -> Node[C] | None:
        port = info.remote.rpartition(":")[2] if info.remote_ip else ""
        return self._by_value.get(int(port)) if port else None


class IpStep(Step[C]):
    """A criterion whose values are networks: the longest prefix that holds the address."""

    __slots__ = ("_lengths",)

    def __init__(self, by_value: Mapping[Hashable, Node[C]]) -> None:
        plain: dict[Hashable, Node[C]] = {}
        lengths: set[tuple[int, int]] = set()
        for network, node in by_value.items():
            if isinstance(network, IPv4Network | IPv6Network):
                shift = network.max_prefixlen - network.prefixlen
                lengths.add((network.version, shift))
                plain[(network.version, shift, int(network.network_address) >> shift)] = node
            else:
                plain[network] = node
        super().__init__(plain)
        self._lengths = {version: sorted(shift for v, shift in lengths if v == version) for version in (4, 6)}

    def address(self, info: ConnectionInfo) -> str:
        """The address that is looked up."""
        raise NotImplementedError

    def follow(self, info: ConnectionInfo) -> Node[C] | None:
        # Where there is no address, as with Unix sockets, Envoy looks up 0.0.0.0.
        address = ip_address(self.address(info).partition("%")[0] or "0.0.0.0")
        number = int(address)
        for shift in self._lengths[address.version]:
            node = self._by_value.get((address.version, shift, number >> shift))
            if node is not None:
                return node
        return None


class DestinationIp(IpStep[C]):
    """`prefix_ranges`."""

    __slots__ = ()

    def address(self, info: ConnectionInfo) -> str:
        return _ip_of(info.local)


class DirectSourceIp(IpStep[C]):
    """`direct_source_prefix_ranges`: the socket's peer."""

    __slots__ = ()

    def address(self, info: ConnectionInfo) -> str:
        return _ip_of(info.direct_remote)


class SourceIp(IpStep[C]):
    """`source_prefix_ranges`: the peer after PROXY protocol."""

    __slots__ = ()

    def address(self, info: ConnectionInfo) -> str:
        return info.remote_ip


def _ip_of(text: str) -> str:
    """The IP of `1.2.3.4:80` or `[::1]:80`; empty for a path."""
    host, colon, port = text.rpartition(":")
    return host.strip("[]") if colon and port.isdigit() and not text.startswith(("/", "@")) else ""
