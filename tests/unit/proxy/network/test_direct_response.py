"""The direct response filter."""

from typing import Any

import pytest

from tests.support.fake_transport import FakeTransport
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import NetworkDirectResponse
from tulle.protos.reading import parse_message
from tulle.proxy.network.direct_response import DirectResponse, build_direct_response
from tulle.proxy.network.network_filter import ListenerFacts
from tulle.proxy.telemetry.connection_info import ConnectionInfo


def _build(**fields: Any) -> DirectResponse:
    config = parse_message(NetworkDirectResponse, fields).SerializeToString()
    return build_direct_response(config, ListenerFacts("l", "127.0.0.1:80", "listener.l."))


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"response": {"inline_string": "no"}}, b"no"),
        ({"response": {"inline_bytes": "AAE="}}, b"\x00\x01"),
        ({}, b""),
    ],
)
def test_every_connection_gets_the_same_answer(fields: dict[str, Any], answer: bytes) -> None:
    direct, transport, info = _build(**fields), FakeTransport(), ConnectionInfo()
    closed: list[bool] = []
    info.on_closed = lambda: closed.append(True)
    direct.take(transport, info, b"ignored")
    assert (transport.written, transport.is_closing(), transport.aborted) == (answer, True, False)
    assert direct.connections == 1
    transport.settle()
    assert (closed, direct.connections) == ([True], 0)


def test_a_client_that_does_not_take_the_answer_is_closed_in_the_end() -> None:
    direct, transport = _build(), FakeTransport()
    direct.take(transport, ConnectionInfo(), b"")
    direct.drain()
    assert not transport.aborted
    direct.close()
    assert transport.aborted


def test_a_response_from_elsewhere_is_rejected() -> None:
    with pytest.raises(InvalidInput, match=r"response.filename: only inline_string"):
        _build(response={"filename": "/etc/motd"})
