"""Calls through a proxy."""

from tulle.agent.addresses import free_port
from tulle.cli.demo.calls import Answer, call


def test_a_proxy_that_is_not_there_is_status_0() -> None:
    assert call(("127.0.0.1", free_port()), "http://x/", {}, timeout_s=1).status == 0


def test_a_body_that_is_no_object_is_empty() -> None:
    assert Answer(200, b"[1]", {}).json() == {}
    assert Answer(200, b"x", {}).json() == {}
    assert Answer(200, b'{"a": 1}', {}).json() == {"a": 1}
