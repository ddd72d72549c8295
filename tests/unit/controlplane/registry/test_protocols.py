"""Protocol selection."""

import pytest

from tulle.controlplane.registry.protocols import protocol_of_word, select_protocol
from tulle.model.port import Protocol

ROWS = [
    (80, "http", None, Protocol.HTTP),
    (80, "http-web", None, Protocol.HTTP),
    (80, "grpc-web-x", None, Protocol.GRPC_WEB),
    (80, "web", None, Protocol.AUTO),
    (80, "", None, Protocol.AUTO),
    (3306, "", None, Protocol.TCP),
    (3306, "http", None, Protocol.HTTP),
    (80, "tcp-x", "http2", Protocol.HTTP2),
    (80, "", "kubernetes.io/h2c", Protocol.HTTP2),
]


@pytest.mark.parametrize(("number", "name", "app_protocol", "expected"), ROWS)
def test_app_protocol_wins_over_the_name_and_the_name_over_the_number(
    number: int, name: str, app_protocol: str | None, expected: Protocol
) -> None:
    assert select_protocol(number, name, "TCP", app_protocol) is expected


def test_udp_is_udp_whatever_its_name() -> None:
    assert select_protocol(53, "http", "UDP") is Protocol.UDP
    assert protocol_of_word("HTTP") is Protocol.HTTP
