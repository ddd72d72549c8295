"""One listener of a worker: it takes connections, asks its listener filters and finds the filter chain."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import NamedTuple

from tulle.proxy.deadlines import Clock, Deadlines
from tulle.proxy.listener.inspection import Inspection
from tulle.proxy.listener.listener_plan import ListenerPlan
from tulle.proxy.listener.listener_stats import ListenerStats, WorkerListenerStats
from tulle.proxy.listener.refusal import refuse
from tulle.proxy.network.addresses import SocketName, ip_name, name_of
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore

_FILTERS_TIMEOUT_S = 15.0  # Envoy: Listener.listener_filters_timeout


class ListenerSurroundings(NamedTuple):
    """What all listeners of a worker share."""

    clock: Clock
    stats: StatsStore
    worker_index: int
    find_by_address: "Callable[[SocketName], Listener | None]"
    connection_ids: "count[int]"


class Listener:
    """Built from a plan; a changed listener is a new object, and its sockets accept for that from then on."""

    def __init__(self, plan: ListenerPlan, surroundings: ListenerSurroundings) -> None:
        proto = plan.proto
        self.plan = plan
        self.filters = plan.filters
        self.continue_on_timeout = proto.continue_on_listener_filters_timeout
        self.successor: Listener | None = None
        self._around = surroundings
        self._find_chain = plan.chains.find
        self._peeks = any(each.filter.reads for each in plan.filters)
        self._hands_over = proto.use_original_dst.value
        prefix = plan.stats_prefix
        self.stats = ListenerStats(surroundings.stats, prefix)
        self._worker_stats = WorkerListenerStats(surroundings.stats, f"{prefix}worker_{surroundings.worker_index}.")
        self._count_stats()
        timeout_s = _FILTERS_TIMEOUT_S
        if proto.HasField("listener_filters_timeout"):
            timeout_s = proto.listener_filters_timeout.ToNanoseconds() / 1e9
        self._inspections: set[Inspection] = set()
        self._deadlines = Deadlines(surroundings.clock, timeout_s, self._time_out) if timeout_s else None

    def _count_stats(self) -> None:
        stats, mine = self.stats, self._worker_stats
        self._total, self._active = stats.downstream_cx_total, stats.downstream_cx_active
        self._my_total, self._my_active = mine.downstream_cx_total, mine.downstream_cx_active

    @property
    def waiting(self) -> int:
        """How many connections have no filter chain yet."""
        return len(self._inspections)

    def accept(self, transport: asyncio.Transport) -> None:
        """Takes a new connection."""
        info = ConnectionInfo()
        info.connection_id = next(self._around.connection_ids)
        info.start = self._around.clock.time()
        info.start_time = time.time()
        local = name_of(transport.get_extra_info("sockname"))
        remote = name_of(transport.get_extra_info("peername"))
        info.local, info.local_port = local.text, local.port
        # The peer of a Unix socket has no name as a rule; Envoy gives it the socket's own.
        info.remote = info.direct_remote = remote.text or local.text
        info.remote_ip = remote.ip
        self.admit(transport, info)

    def admit(self, transport: asyncio.Transport, info: ConnectionInfo) -> None:
        """Runs the listener filters, then places the connection."""
        if self._peeks:
            Inspection(self, transport, info, self.place).begin(b"")
            return
        self._run_filters(transport, info)
        self.place(transport, info, b"")

    def _run_filters(self, transport: asyncio.Transport, info: ConnectionInfo) -> None:
        for each in self.filters:
            if each.wanted(info):
                each.filter.accepted(transport, info)

    def place(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        """Serves the connection, or hands it to the listener of its original destination."""
        if self._hands_over and info.original_dst is not None:
            other = self._around.find_by_address(ip_name(*info.original_dst))
            if other is not None and other is not self:
                other.take_over(transport, info, received)
                return
        self.serve(transport, info, received)

    def take_over(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        """Takes a connection from another listener: its own filters run, but it is not handed over again."""
        if self._peeks:
            Inspection(self, transport, info, self.serve).begin(received)
            return
        self._run_filters(transport, info)
        self.serve(transport, info, received)

    def serve(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        """Gives the connection to the filter chain that matches."""
        if self.successor is not None:
            self.successor.serve(transport, info, received)
            return
        chain = self._find_chain(info)
        if chain is None:
            self.stats.no_filter_chain_match.value += 1
            refuse(transport, unread=bool(received))
            return
        self._total.value += 1
        self._active.value += 1
        self._my_total.value += 1
        self._my_active.value += 1
        info.on_closed = partial(self._closed, info.start)
        chain.take(transport, info, received)

    def _closed(self, start: float) -> None:
        self._active.value -= 1
        self._my_active.value -= 1
        self.stats.downstream_cx_destroy.value += 1
        self.stats.downstream_cx_length_ms.record((self._around.clock.time() - start) * 1000)

    def inspection_began(self, inspection: Inspection) -> None:
        """A connection waits for its listener filters."""
        self._inspections.add(inspection)
        self.stats.downstream_pre_cx_active.value += 1
        if self._deadlines is not None:
            self._deadlines.add(inspection)

    def inspection_ended(self, inspection: Inspection) -> bool:
        """It waits no more; False when that was known."""
        if inspection not in self._inspections:
            return False
        self._inspections.discard(inspection)
        self.stats.downstream_pre_cx_active.value -= 1
        if self._deadlines is not None:
            self._deadlines.discard(inspection)
        return True

    def _time_out(self, inspection: Inspection) -> None:
        self.stats.downstream_pre_cx_timeout.value += 1
        inspection.time_out()

    def close_inspections(self) -> None:
        """Closes the connections that have no filter chain yet."""
        for inspection in list(self._inspections):
            self.inspection_ended(inspection)
            inspection.transport.abort()
