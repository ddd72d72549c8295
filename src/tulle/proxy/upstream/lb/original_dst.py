"""ORIGINAL_DST: the host that the client wanted to reach before it was redirected."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tulle.protos.messages import Cluster
from tulle.proxy.upstream.cluster_stats import ClusterStats
from tulle.proxy.upstream.hosts import NOWHERE, Group, Host, HostChange, HostSet, Level
from tulle.proxy.upstream.lb.picking import PickContext


class OriginalDstSettings(NamedTuple):
    """What such a cluster says of it."""

    cleanup_interval_s: float = 5.0  # Envoy: Cluster.cleanup_interval
    port_override: int = 0  # 0: the port that the client wanted

    @classmethod
    def of(cls, proto: Cluster) -> "OriginalDstSettings":
        """From the message."""
        interval_s = proto.cleanup_interval.ToMilliseconds() / 1000 if proto.HasField("cleanup_interval") else 5.0
        return cls(interval_s, proto.original_dst_lb_config.upstream_port_override.value)


class OriginalDst:
    """Makes a host for each address that is asked for, and forgets those that nobody asks for any longer."""

    __slots__ = ("_changed", "_clock", "_hosts", "_known", "_settings", "_stats", "_sweep_at", "_used")

    def __init__(
        self,
        hosts: HostSet,
        settings: OriginalDstSettings,
        stats: ClusterStats,
        changed: Callable[[HostChange], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts = hosts
        self._settings = settings
        self._stats = stats
        self._changed = changed
        self._clock = clock
        self._known: dict[tuple[str, int], Host] = {}
        self._used: set[Host] = set()
        self._sweep_at = clock() + settings.cleanup_interval_s

    def pick(self, context: PickContext | None) -> Host | None:
        """The host of the request's original destination; None when it has none."""
        wanted = context.original_dst if context is not None else None
        if wanted is None:
            return None
        if self._settings.port_override:
            wanted = (wanted[0], self._settings.port_override)
        host = self._known.get(wanted)
        if host is None:
            if self._clock() >= self._sweep_at:
                self._sweep()
            host = self._known[wanted] = Host(_text(wanted))
            self._stats.total_match_count.value += 1
            self._changed(self._hosts.replace([Level([Group(NOWHERE, 0, list(self._known.values()))])]))
        self._used.add(host)
        return host

    def refresh(self, levels: Sequence[int]) -> None:
        """Nothing is built on the hosts."""

    def _sweep(self) -> None:
        """Forgets the hosts that were not asked for since the last time and have no connection.

        Only a new host makes the set grow, so that is when there is something to do (Envoy runs a timer).
        """
        self._sweep_at = self._clock() + self._settings.cleanup_interval_s
        for address, host in list(self._known.items()):
            if host not in self._used and not host.cx_active:
                del self._known[address]
        self._used.clear()


def _text(address: tuple[str, int]) -> str:
    ip, port = address
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
