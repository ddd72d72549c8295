"""What all HTTP parts of one worker share: its clock, its randomness, its deadlines, the hosts it may call."""

import fcntl
import os
import socket
import struct
from collections.abc import Callable
from random import Random
from time import time
from typing import TYPE_CHECKING, Any, Protocol

from tulle.proxy.deadlines import DeadlineSet

if TYPE_CHECKING:
    from tulle.proxy.http.filters.router_request import UpstreamRequest
    from tulle.proxy.http.server_connection import ServerConnection
    from tulle.proxy.http.stream import Stream
    from tulle.proxy.upstream.cluster import Cluster

CLOCK_S = 0.002  # what the loop's clock may be behind

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_DAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")


class Clusters(Protocol):
    """Where clusters are looked up, by name."""

    def get(self, name: str) -> "Cluster | None": ...


class Loop(Protocol):
    """The part of the event loop that HTTP needs."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any) -> Any: ...

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Any: ...

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> Any: ...


class HttpRuntime:
    """One per worker."""

    __slots__ = (
        "_date",
        "_second",
        "clusters",
        "dirty",
        "draining",
        "good_authorities",
        "header_timeouts",
        "health_failed",
        "local_address",
        "loop",
        "random_bits",
        "reading",
        "request_timeouts",
        "route_timeouts",
        "stream_durations",
        "stream_idle",
        "try_timeouts",
    )

    def __init__(self, loop: Loop, clusters: Clusters, seed: int | None = None) -> None:
        self.loop = loop
        self.clusters = clusters
        self.random_bits = Random(os.urandom(16) if seed is None else seed).getrandbits
        self.header_timeouts: DeadlineSet[ServerConnection] = DeadlineSet(loop, _slow_headers)
        self.stream_idle: DeadlineSet[Stream] = DeadlineSet(loop, _maybe_idle_stream)
        self.stream_durations: DeadlineSet[Stream] = DeadlineSet(loop, _long_stream)
        self.request_timeouts: DeadlineSet[Stream] = DeadlineSet(loop, _slow_request)
        self.route_timeouts: DeadlineSet[UpstreamRequest] = DeadlineSet(loop, _late_request)
        self.try_timeouts: DeadlineSet[UpstreamRequest] = DeadlineSet(loop, _late_try)
        self.local_address = local_address()
        self.draining = False
        self.good_authorities: set[bytes] = set()  # hosts that were looked at and are well-formed
        self.health_failed = False
        self._second = 0
        self._date = b""
        self.dirty: list[Any] = []
        self.reading = False

    def date(self) -> bytes:
        """The time for a `date` header (RFC 9110 § 5.6.7); made anew once a second."""
        second = int(time())
        if second != self._second:
            self._second = second
            self._date = http_date(second)
        return self._date

    def flush_soon(self, connection: Any) -> None:
        """`connection.flush()` is called before the loop waits again.

        While bytes are being read (`reading`), whoever reads calls `flush` when it is done; otherwise the loop does.
        """
        dirty = self.dirty
        if not dirty and not self.reading:
            self.loop.call_soon(self.flush)
        dirty.append(connection)

    def flush(self) -> None:
        """Lets every connection that has something to say write it."""
        self.reading = False
        while self.dirty:
            dirty, self.dirty = self.dirty, []
            for connection in dirty:
                connection.flush()


def http_date(second: int) -> bytes:
    """`Wed, 25 Nov 2026 02:24:36 GMT`."""
    from time import gmtime

    year, month, day, hour, minute, sec, weekday, _, _ = gmtime(second)
    return b"%s, %02d %s %04d %02d:%02d:%02d GMT" % (
        _DAYS[weekday],
        day,
        _MONTHS[month - 1],
        year,
        hour,
        minute,
        sec,
    )


def local_address() -> str:
    """The first IPv4 address of this machine that is not loopback, else 127.0.0.1 (Envoy: Utility::getLocalAddress)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # an interface without an IPv4 address
            address = socket.inet_ntoa(answer[20:24])
            if not address.startswith("127."):
                return address
    return "127.0.0.1"


def _slow_headers(connection: "ServerConnection") -> None:
    connection.on_header_timeout()


def _maybe_idle_stream(stream: "Stream") -> None:
    stream.look_for_idleness()


def _long_stream(stream: "Stream") -> None:
    stream.on_max_duration()


def _slow_request(stream: "Stream") -> None:
    stream.on_request_timeout()


def _late_request(request: "UpstreamRequest") -> None:
    request.on_route_timeout()


def _late_try(request: "UpstreamRequest") -> None:
    request.on_try_timeout()
