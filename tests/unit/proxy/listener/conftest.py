"""Listeners whose terminal filter only remembers what it was given."""

import asyncio
from typing import Any

import pytest

from tests.support.turned_clock import TurnedClock
from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import Listener as ListenerProto
from tulle.protos.messages import StringValue
from tulle.protos.reading import parse_message
from tulle.proxy.listener.filter_chains import Extensions
from tulle.proxy.listener.filters.http_inspector import build_http_inspector
from tulle.proxy.listener.filters.original_dst import build_original_dst
from tulle.proxy.listener.filters.proxy_protocol import build_proxy_protocol
from tulle.proxy.listener.filters.tls_inspector import build_tls_inspector
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import StatsStore

# Any message will do for the configuration of a filter that only tests know.
FILTER_TYPE = "type.googleapis.com/google.protobuf.StringValue"
_FILTERS = "type.googleapis.com/envoy.extensions.filters.listener"
TLS_INSPECTOR = f"{_FILTERS}.tls_inspector.v3.TlsInspector"
HTTP_INSPECTOR = f"{_FILTERS}.http_inspector.v3.HttpInspector"
PROXY_PROTOCOL = f"{_FILTERS}.proxy_protocol.v3.ProxyProtocol"
ORIGINAL_DST = f"{_FILTERS}.original_dst.v3.OriginalDst"


class Owned(asyncio.Protocol):
    """A connection of a `RecordingHandler`."""

    def __init__(self, handler: "RecordingHandler", transport: asyncio.Transport, info: ConnectionInfo) -> None:
        self.handler = handler
        self.transport = transport
        self.info = info
        self.data = b""

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, error: Exception | None) -> None:
        self.handler.open.remove(self)
        assert self.info.on_closed is not None
        self.info.on_closed()


class RecordingHandler:
    """A terminal filter."""

    def __init__(self, name: str, facts: ListenerFacts) -> None:
        self.name = name
        self.facts = facts
        self.open: list[Owned] = []
        self.draining = False
        self.closed = False

    @property
    def connections(self) -> int:
        return len(self.open)

    def take(self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes) -> None:
        connection = Owned(self, transport, info)
        connection.data = received
        self.open.append(connection)
        transport.set_protocol(connection)

    def drain(self) -> None:
        self.draining = True

    def close(self) -> None:
        self.closed = True
        for connection in self.open:
            connection.transport.abort()


class ListenerBench:
    """What listeners are built with; `handlers` are those that were built, by name, the newest of each."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.stats = StatsStore()
        self.handlers: dict[str, RecordingHandler] = {}
        self.built: list[str] = []
        self.extensions = Extensions(
            {FILTER_TYPE: self._build},
            {
                TLS_INSPECTOR: build_tls_inspector,
                HTTP_INSPECTOR: build_http_inspector,
                PROXY_PROTOCOL: build_proxy_protocol,
                ORIGINAL_DST: build_original_dst,
            },
        )

    def _build(self, config: bytes, facts: ListenerFacts) -> RecordingHandler:
        name = StringValue.FromString(config).value
        if name == "bad":
            raise InvalidInput([FieldProblem("value", "is bad")])
        self.built.append(name)
        self.handlers[name] = RecordingHandler(name, facts)
        return self.handlers[name]

    def counters(self) -> dict[str, int]:
        """The counters that count something, without the listener's prefix."""
        return {
            name.removeprefix("listener.127.0.0.1_80."): value
            for name, value in self.stats.snapshot().counters.items()
            if value
        }

    def gauges(self) -> dict[str, int]:
        """The gauges that are not zero, without the listener's prefix."""
        return {
            name.removeprefix("listener.127.0.0.1_80."): value
            for name, value in self.stats.snapshot().gauges.items()
            if value
        }


def chain(name: str, match: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A filter chain that ends in the handler of this name."""
    found = {"filters": [{"name": "f", "typed_config": {"@type": FILTER_TYPE, "value": name}}], **fields}
    if match is not None:
        found["filter_chain_match"] = match
    return found


def listener_filter(type_url: str, **fields: Any) -> dict[str, Any]:
    """A listener filter's message."""
    return {"name": "f", "typed_config": {"@type": type_url, **fields}}


def listener_proto(*chains: dict[str, Any], port: int = 80, ip: str = "127.0.0.1", **fields: Any) -> ListenerProto:
    """A listener with these chains."""
    address = {"socket_address": {"address": ip, "port_value": port}}
    return parse_message(ListenerProto, {"name": "l", "address": address, "filter_chains": list(chains), **fields})


@pytest.fixture
def bench() -> ListenerBench:
    return ListenerBench()
