"""Names the cluster of a TLS connection after the server that it asks for (envoy.filters.network.sni_cluster)."""

import asyncio

from tulle.proxy.network.network_filter import ListenerFacts, Take
from tulle.proxy.telemetry.connection_info import ConnectionInfo


def build_sni_cluster(config: bytes, facts: ListenerFacts, following: Take) -> Take:
    """The filter; it has no settings. Without a server name the TCP proxy's own cluster stays in force."""

    def take(transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        if info.requested_server_name:
            info.tcp_cluster = info.requested_server_name
        following(transport, info, received)

    return take
