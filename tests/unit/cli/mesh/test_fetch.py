"""Reads of admin interfaces."""

import asyncio

import pytest

from tests.support.json_server import json_server
from tulle.agent.addresses import free_port
from tulle.cli.mesh.fetch import answers, get_json, wait_until_ready
from tulle.foundation.errors import Unreachable


def test_what_does_not_answer_is_unreachable_with_the_url() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(Unreachable, match=url):
        get_json(url)
    with pytest.raises(Unreachable):
        asyncio.run(wait_until_ready(url, 0.0))
    assert not answers(url)


def test_what_answers_is_read_and_what_is_no_json_is_unreachable() -> None:
    with json_server(ready="yes") as server:
        assert get_json(f"{server.url}/ready") == "yes"
        assert answers(f"{server.url}/ready")
        assert not answers(f"{server.url}/missing")
        asyncio.run(wait_until_ready(f"{server.url}/ready", 0.0))
