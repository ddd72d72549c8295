"""Loopback addresses for sidecars, and free ports: on Linux the whole of 127.0.0.0/8 is at hand without root."""

import socket
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing
from ipaddress import IPv4Network

SIDECAR_NETWORK = IPv4Network("127.9.0.0/16")


def _can_bind(address: str, port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def free_addresses(taken: Collection[str], ports: Collection[int]) -> Iterator[str]:
    """Addresses of the sidecar network that nobody has taken and where all `ports` are free."""
    for host in SIDECAR_NETWORK.hosts():
        address = str(host)
        if address not in taken and all(_can_bind(address, port) for port in ports):
            yield address


def free_port(address: str = "127.0.0.1", wanted: int = 0) -> int:
    """`wanted` when it is free, otherwise any port that is free now."""
    if wanted and _can_bind(address, wanted):
        return wanted
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """So many different ports that are free now."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((address, 0))
        return [probe.getsockname()[1] for probe in probes]
