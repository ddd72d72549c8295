"""Whether a connection speaks TLS, and for which server name and protocols (envoy.filters.listener.tls_inspector)."""

import asyncio

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import TlsInspector as TlsInspectorProto
from tulle.proxy.listener.filters.client_hello import NotTls, read_client_hello
from tulle.proxy.listener.listener_filter import MORE, REFUSE
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import Counter, Histogram, StatsGroup, StatsStore

_MAX_CLIENT_HELLO = 16_384  # Envoy: max_client_hello_size


class TlsInspectorStats(StatsGroup):
    """`tls_inspector.`"""

    alpn_found: Counter
    alpn_not_found: Counter
    bytes_processed: Histogram
    client_hello_too_large: Counter
    sni_found: Counter
    sni_not_found: Counter
    tls_found: Counter
    tls_not_found: Counter


class TlsInspector:
    """Looks at the ClientHello and leaves it where it is."""

    reads = True

    def __init__(self, proto: TlsInspectorProto, stats: TlsInspectorStats) -> None:
        self._stats = stats
        self._limit = proto.max_client_hello_size.value or _MAX_CLIENT_HELLO
        self._closes_on_error = proto.close_connection_on_client_hello_parsing_errors

    def accepted(self, transport: asyncio.Transport, info: ConnectionInfo) -> None:
        """The first bytes decide."""

    def inspect(self, data: bytes, info: ConnectionInfo) -> int:
        """Decides when the ClientHello is complete or cannot be one."""
        try:
            hello = read_client_hello(data[: self._limit])
        except NotTls:
            self._stats.tls_not_found.value += 1
            self._stats.bytes_processed.record(min(len(data), self._limit))
            return REFUSE if self._closes_on_error else 0
        if hello is None:
            if len(data) < self._limit:
                return MORE
            self._stats.client_hello_too_large.value += 1
            return REFUSE
        info.transport_protocol = "tls"
        info.requested_server_name = hello.server_name
        info.application_protocols = hello.protocols
        self._count_found(hello.server_name, hello.protocols)
        self._stats.bytes_processed.record(len(data))
        return 0

    def _count_found(self, server_name: str, protocols: tuple[str, ...]) -> None:
        stats = self._stats
        stats.tls_found.value += 1
        (stats.sni_found if server_name else stats.sni_not_found).value += 1
        (stats.alpn_found if protocols else stats.alpn_not_found).value += 1


def build_tls_inspector(config: bytes, stats: StatsStore) -> TlsInspector:
    """From a serialized `TlsInspector`; InvalidInput when it asks for fingerprints."""
    proto = TlsInspectorProto.FromString(config)
    problems = [
        FieldProblem(field, "fingerprints are not supported")
        for field in ("enable_ja3_fingerprinting", "enable_ja4_fingerprinting")
        if getattr(proto, field).value
    ]
    if problems:
        raise InvalidInput(problems)
    return TlsInspector(proto, TlsInspectorStats(stats, "tls_inspector."))
