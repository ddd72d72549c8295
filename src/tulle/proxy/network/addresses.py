"""Socket addresses as the operating system gives them, to the text that Envoy prints."""

from typing import NamedTuple

_MAPPED = "::ffff:"


class SocketName(NamedTuple):
    """One end of a connection; `ip` is empty and `port` 0 for a Unix socket."""

    text: str
    ip: str
    port: int


def name_of(address: object) -> SocketName:
    """From what `getsockname` or `getpeername` returned."""
    if isinstance(address, tuple):
        return ip_name(address[0], address[1])
    path = address.decode("utf-8", "replace") if isinstance(address, bytes) else str(address or "")
    return SocketName("@" + path[1:] if path.startswith("\0") else path, "", 0)


def ip_name(ip: str, port: int) -> SocketName:
    """`127.0.0.1:80`, `[::1]:80`; an IPv4 address that came over IPv6 is printed as IPv4."""
    if ":" not in ip:
        return SocketName(f"{ip}:{port}", ip, port)
    if ip.startswith(_MAPPED) and "." in ip:
        return ip_name(ip[len(_MAPPED) :], port)
    return SocketName(f"[{ip}]:{port}", ip, port)
