"""What stands between the socket and the network filters of a chain: nothing for raw_buffer, a handshake for TLS."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from tulle.protos.messages import DownstreamTlsContext, RawBuffer
from tulle.protos.pool import type_url_of
from tulle.proxy.network.network_filter import ListenerFacts, Take
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.tls.downstream import TlsLoop, build_downstream_tls


class TransportSocketFactory(Protocol):
    """Built once per filter chain."""

    def accept(
        self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes, take: Take, timeout_s: float = 0.0
    ) -> None:
        """Makes the handshake, in `timeout_s` seconds if they are not 0, then gives the wrapped transport to `take`.

        Until then the factory owns the connection, so that a failed handshake closes it and calls `info.on_closed`.
        """


# From the serialized typed_config; InvalidInput with paths that begin inside it. None: bytes stay as they are.
BuildTransportSocket = Callable[[bytes, ListenerFacts], TransportSocketFactory | None]
TransportSockets = Mapping[str, BuildTransportSocket]  # by type URL of typed_config


def transport_sockets(stats: StatsStore, loop: TlsLoop) -> TransportSockets:
    """Those that a filter chain may have."""
    return {
        type_url_of(DownstreamTlsContext): lambda config, facts: build_downstream_tls(
            config, facts.stats_prefix, stats, loop
        ),
        type_url_of(RawBuffer): lambda config, facts: None,
    }
