"""Takes the addresses of a connection from a PROXY protocol header (envoy.filters.listener.proxy_protocol)."""

import asyncio

from tulle.protos.messages import ProxyProtocol as ProxyProtocolProto
from tulle.proxy.listener.filters.proxy_header import BadHeader, ProxyHeader, read_header, version_of
from tulle.proxy.listener.listener_filter import MORE, REFUSE
from tulle.proxy.network.addresses import ip_name
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import Counter, StatsGroup, StatsStore


class ProxyProtocolStats(StatsGroup):
    """`proxy_proto.`, or `proxy_proto.<stat_prefix>.`"""

    not_found_allowed: Counter
    not_found_disallowed: Counter


class VersionStats(StatsGroup):
    """`proxy_proto.versions.v1.` and `.v2.`"""

    disallowed: Counter
    error: Counter
    found: Counter


class ProxyProtocol:
    """Consumes the header; what follows it is what the client sent."""

    reads = True

    def __init__(self, proto: ProxyProtocolProto, store: StatsStore) -> None:
        prefix = f"proxy_proto.{proto.stat_prefix}." if proto.stat_prefix else "proxy_proto."
        self._stats = ProxyProtocolStats(store, prefix)
        self._versions = {version: VersionStats(store, f"{prefix}versions.v{version}.") for version in (1, 2)}
        self._errors = store.counter("downstream_cx_proxy_proto_error")
        self._optional = proto.allow_requests_without_proxy_protocol
        self._disallowed = frozenset(version + 1 for version in proto.disallowed_versions)  # V1 is 0 in the API

    def accepted(self, transport: asyncio.Transport, info: ConnectionInfo) -> None:
        """The first bytes decide."""

    def inspect(self, data: bytes, info: ConnectionInfo) -> int:
        """Consumes a complete header."""
        version = version_of(data)
        if version is None:
            return MORE
        if not version or (self._optional and version in self._disallowed):
            return self._without_header()
        stats = self._versions[version]
        if version in self._disallowed:
            stats.found.value += 1
            stats.disallowed.value += 1
            return REFUSE
        try:
            header = read_header(data, version)
        except BadHeader:
            stats.error.value += 1
            return self._refuse()
        if header is None:
            return MORE
        stats.found.value += 1
        _apply(header, info)
        return header.size

    def _without_header(self) -> int:
        if self._optional:
            self._stats.not_found_allowed.value += 1
            return 0
        self._stats.not_found_disallowed.value += 1
        return self._refuse()

    def _refuse(self) -> int:
        self._errors.value += 1
        return REFUSE


def _apply(header: ProxyHeader, info: ConnectionInfo) -> None:
    if header.source is None or header.destination is None:
        return
    info.remote, info.remote_ip, _ = ip_name(*header.source)
    local, _, port = ip_name(*header.destination)
    if local != info.local:
        info.local, info.local_port = local, port
        info.original_dst = header.destination  # Envoy: proxy_protocol.cc, restoreLocalAddress


def build_proxy_protocol(config: bytes, stats: StatsStore) -> ProxyProtocol:
    """From a serialized `ProxyProtocol`."""
    return ProxyProtocol(ProxyProtocolProto.FromString(config), stats)
