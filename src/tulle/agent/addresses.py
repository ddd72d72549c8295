"""Loopback addresses for sidecars, and free ports: on Linux the whole of 127.0.0.0/8 is at hand without root."""

import random
import socket
from collections.abc import Collection, Iterator
from contextlib import closing
from ipaddress import IPv4Network

from tulle.foundation.errors import Unreachable

# Below the range of ports that outgoing connections take (Linux: 32768–60999), and above those of Istio and Envoy.
_PORTS = range(16_000, 30_000)
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
    """Addresses of the sidecar network not taken and where `ports` are free; Unreachable behind the last."""
    for host in SIDECAR_NETWORK.hosts():
        address = str(host)
        if address not in taken and all(_can_bind(address, port) for port in ports):
            yield address
    wanted = " and ".join(map(str, ports))
    raise Unreachable(
        f"no address of {SIDECAR_NETWORK} is free at {wanted}",
        "something listens there at 0.0.0.0; `ss -ltnp` tells what",
    )


def free_port(address: str = "127.0.0.1", wanted: int = 0) -> int:
    """`wanted` when it is free, otherwise any port that is free now."""
    if wanted and _can_bind(address, wanted):
        return wanted
    return free_ports(1, address)[0]


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """So many different ports that are free now, and that the kernel gives to nobody who asks for any."""
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        if len(found) == count:
            return found
        if _can_bind(address, port):
            found.append(port)
    raise OSError(f"no {count} free ports at {address}")
