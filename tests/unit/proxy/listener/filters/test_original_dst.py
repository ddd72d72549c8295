"""The original destination of a redirected connection."""

import errno
import socket
import struct
from typing import Any

import pytest

from tests.support.fake_transport import FakeTransport
from tulle.proxy.listener.filters.original_dst import build_original_dst, parse_ipv4, parse_ipv6, read_original_dst
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore

V4 = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s", 8080, bytes([10, 1, 2, 3])) + bytes(8)
V6 = struct.pack("=H", socket.AF_INET6) + struct.pack("!HI16sI", 8080, 0, bytes(15) + b"\x01", 0)


class _Socket:
    """A socket whose kernel answers as told."""

    def __init__(self, family: int, answer: bytes | None, transparent: int = 0) -> None:
        self.family = family
        self._answer = answer
        self._transparent = transparent

    def getsockopt(self, level: int, option: int, size: int = 0) -> Any:
        if option != 80:
            return self._transparent
        if self._answer is None:
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")
        assert len(self._answer) == size
        return self._answer

    def getsockname(self) -> tuple[str, int]:
        return ("10.9.9.9", 90)


def _read(opened: _Socket) -> tuple[str, int] | None:
    return read_original_dst(opened)  # type: ignore[arg-type]


def test_what_the_kernel_says_is_read() -> None:
    assert parse_ipv4(V4) == ("10.1.2.3", 8080)
    assert parse_ipv6(V6) == ("::1", 8080)


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (_Socket(socket.AF_INET, V4), ("10.1.2.3", 8080)),
        (_Socket(socket.AF_INET6, V6), ("::1", 8080)),
        (_Socket(socket.AF_INET, None), None),
        (_Socket(socket.AF_INET, V4, transparent=1), ("10.9.9.9", 90)),
        (_Socket(socket.AF_INET6, V6, transparent=1), ("10.9.9.9", 90)),
        (_Socket(socket.AF_UNIX, None), None),
    ],
)
def test_redirect_tproxy_and_neither(opened: _Socket, expected: tuple[str, int] | None) -> None:
    assert _read(opened) == expected


def test_the_address_takes_the_place_of_the_local_one() -> None:
    transport, info = FakeTransport(), ConnectionInfo()
    transport._extra["socket"] = _Socket(socket.AF_INET, V4)  # type: ignore[attr-defined]
    build_original_dst(b"", StatsStore()).accepted(transport, info)
    assert (info.local, info.local_port, info.original_dst) == ("10.1.2.3:8080", 8080, ("10.1.2.3", 8080))


def test_a_real_connection_was_not_redirected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            # With connection tracking the kernel gives the address itself, without it none.
            assert read_original_dst(accepted) in (None, server.getsockname())
