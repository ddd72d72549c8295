"""Requests that are sent on as a whole."""

from typing import Any

import pytest

from tests.support.http_bench import HttpBench, body_of, head_of

BUFFER, ROUTE = "buffer.v3.Buffer", "buffer.v3.BufferPerRoute"
HEAD = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"


def test_a_body_waits_until_it_is_complete_and_gets_its_length(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(BUFFER, {"max_request_bytes": 10}), HEAD + b"3\r\none\r\n")
    assert not bench.connector.attempts
    client.receive(b"3\r\ntwo\r\n0\r\n\r\n")
    host = bench.upstream()
    assert head_of(host.written)[1][b"content-length"] == b"6"
    assert b"transfer-encoding" not in head_of(host.written)[1]
    assert body_of(host.written) == b"onetwo"


def test_a_body_that_is_too_large_is_refused(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(BUFFER, {"max_request_bytes": 5}), HEAD + b"6\r\nonetwo\r\n")
    assert head_of(client.written)[0] == b"HTTP/1.1 413 Payload Too Large"
    assert body_of(client.written) == b"Payload Too Large"
    assert bench.log[0].split()[3:6] == ["413", "request_payload_too_large", "-"]
    assert bench.http("downstream_rq_too_large") == 1


@pytest.mark.parametrize("settings", [{"disabled": True}, {"buffer": {"max_request_bytes": 100}}])
def test_a_route_may_have_another_limit_or_none(bench: HttpBench, settings: dict[str, Any]) -> None:
    manager = bench.filtered(BUFFER, {"max_request_bytes": 1}, (ROUTE, settings))
    bench.connect(manager, HEAD + b"6\r\nonetwo\r\n0\r\n\r\n")
    assert body_of(bench.upstream().written).find(b"onetwo") >= 0


def test_a_request_without_body_does_not_wait(bench: HttpBench) -> None:
    bench.connect(bench.filtered(BUFFER, {"max_request_bytes": 1}), b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert len(bench.connector.attempts) == 1


def test_settings_of_another_filter_change_nothing(bench: HttpBench) -> None:
    manager = bench.filtered(BUFFER, {"max_request_bytes": 1}, ("fault.v3.HTTPFault", {}))
    client = bench.connect(manager, HEAD + b"6\r\nonetwo\r\n")
    assert head_of(client.written)[0].startswith(b"HTTP/1.1 413")
