"""Which transport socket a connection to a host gets: its cluster's, or the first whose match its metadata meets."""

from collections import Counter
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

from google.protobuf import json_format

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Cluster, RawBuffer, TransportSocket, UpstreamTlsContext
from tulle.protos.pool import type_url_of
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.tls.upstream import Dialect, UpstreamTls, build_upstream_tls, check_upstream_tls
from tulle.proxy.upstream.hosts import Host

_METADATA = "envoy.transport_socket_match"
_TLS = type_url_of(UpstreamTlsContext)
_RAW = type_url_of(RawBuffer)


class _Match(NamedTuple):
    name: str
    labels: Mapping[str, Any]
    tls: UpstreamTls | None


class TransportChoice:
    """Built once per cluster (Envoy: transport_socket_match_impl.cc)."""

    __slots__ = ("_default", "_matches", "_prefix", "_store")

    def __init__(self, proto: Cluster, store: StatsStore, prefix: str) -> None:
        build = partial(_build, store=store, prefix=prefix)
        self._default = build(proto.transport_socket) if proto.HasField("transport_socket") else None
        self._matches = [
            _Match(each.name, json_format.MessageToDict(each.match), build(each.transport_socket))
            for each in proto.transport_socket_matches
        ]
        self._store = store
        self._prefix = prefix

    def dialect(self, host: Host, fallback: str) -> Dialect | None:
        """What makes connections to this host TLS; None when they are plain. `fallback` is what is spoken over it."""
        tls = self._match(host).tls if self._matches else self._default
        return None if tls is None else tls.dialect(fallback)

    def _match(self, host: Host) -> _Match:
        labels = host.metadata.get(_METADATA, {})
        for match in self._matches:
            if all(labels.get(key) == value for key, value in match.labels.items()):
                return match
        return _Match("default", {}, self._default)

    def count(self, hosts: Collection[Host]) -> None:
        """Envoy counts how often each was chosen when endpoints come, not when connections are made."""
        counts = Counter(self._match(host).name for host in hosts) if self._matches else {"default": len(hosts)}
        for name, count in counts.items():
            self._store.counter(f"{self._prefix}{name}.total_match_count").value += count


def _build(socket: TransportSocket, store: StatsStore, prefix: str) -> UpstreamTls | None:
    config = socket.typed_config
    return build_upstream_tls(config.value, prefix, store) if config.type_url == _TLS else None


def check_transport_sockets(proto: Cluster) -> list[FieldProblem]:
    """What is wrong with the transport sockets of a cluster."""
    sockets = [("transport_socket", proto.transport_socket)] if proto.HasField("transport_socket") else []
    sockets += [
        (f"transport_socket_matches[{index}].transport_socket", each.transport_socket)
        for index, each in enumerate(proto.transport_socket_matches)
    ]
    problems: list[FieldProblem] = []
    for path, socket in sockets:
        config = socket.typed_config
        if config.type_url == _TLS:
            for problem in check_upstream_tls(config.value):
                problems.append(FieldProblem(f"{path}.typed_config.{problem.path}", problem.message))
        elif config.type_url != _RAW:
            text = f"{config.type_url or socket.name or 'nothing'} is not a supported transport socket"
            problems.append(FieldProblem(path, text))
    names = [each.name for each in proto.transport_socket_matches]
    problems += [
        FieldProblem(f"transport_socket_matches[{index}].name", "is the name of another match")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    return problems
