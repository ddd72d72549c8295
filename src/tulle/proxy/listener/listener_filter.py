"""What a listener asks of its listener filters."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore

# What `inspect` may answer besides the number of bytes that it consumed.
MORE = -1  # cannot tell yet
REFUSE = -2  # the connection is to be closed


class ListenerFilter(Protocol):
    """Built once per listener; keeps nothing of a connection but in its `ConnectionInfo`."""

    reads: bool  # False: `accepted` is all, no byte is waited for

    def accepted(self, transport: asyncio.Transport, info: ConnectionInfo, /) -> None:
        """A connection is new; called before any byte is read."""

    def inspect(self, data: bytes, info: ConnectionInfo, /) -> int:
        """Judges all bytes that have come so far: MORE, REFUSE, or how many the filter consumed (0: it only looked)."""


# From the serialized typed_config; InvalidInput with paths that begin inside it.
BuildListenerFilter = Callable[[bytes, StatsStore], ListenerFilter]
ListenerFilters = Mapping[str, BuildListenerFilter]  # by type URL
