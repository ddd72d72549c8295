"""Reads of admin interfaces."""

import asyncio

import pytest

from tulle.agent.addresses import free_port
from tulle.cli.mesh.fetch import get_json, wait_until_ready
from tulle.foundation.errors import Unreachable


def test_what_does_not_answer_is_unreachable_with_the_url() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(Unreachable, match=url):
        get_json(url)
    with pytest.raises(Unreachable):
        asyncio.run(wait_until_ready(url, 0.0))
