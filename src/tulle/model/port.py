"""Ports of services, and the protocol that is spoken on them."""

from dataclasses import dataclass
from enum import Enum


class Protocol(Enum):
    """What is spoken on a port, in Istio's words; AUTO means that the proxy looks at the first bytes."""

    AUTO = "auto"
    HTTP = "http"
    HTTP2 = "http2"
    GRPC = "grpc"
    GRPC_WEB = "grpc-web"
    HTTPS = "https"
    TLS = "tls"
    TCP = "tcp"
    UDP = "udp"
    MONGO = "mongo"
    REDIS = "redis"
    MYSQL = "mysql"

    @property
    def is_http(self) -> bool:
        """Whether requests are visible to the proxy without opening TLS."""
        return self in _HTTP

    @property
    def is_http2(self) -> bool:
        """Whether the upstream expects HTTP/2 from the first byte."""
        return self in _HTTP2


_HTTP2 = frozenset({Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB})
_HTTP = _HTTP2 | {Protocol.HTTP}


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a service: the number that clients use, and where the workload listens."""

    number: int
    name: str = ""
    protocol: Protocol = Protocol.AUTO
    target_port: int | str = 0  # number or name of a container port; 0: the same as `number`
