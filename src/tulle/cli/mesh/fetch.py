"""Small HTTP reads of admin interfaces."""

import asyncio
import json
import urllib.error
import urllib.request

from tulle.foundation.errors import Unreachable

TIMEOUT_S = 5.0
_GLANCE_S = 2.0

# Admin interfaces are local: an HTTP_PROXY of the environment must not come between.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get_text(url: str, timeout_s: float = TIMEOUT_S) -> str:
    """The body of a 2xx answer; Unreachable for all else."""
    try:
        with _OPENER.open(url, timeout=timeout_s) as response:
            body: bytes = response.read()
            return body.decode()
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise Unreachable(f"{url} does not answer: {reason}") from error


def get_json(url: str) -> object:
    """The JSON of a 2xx answer; Unreachable for all else."""
    text = get_text(url)
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise Unreachable(f"{url} does not answer with JSON: {error}") from error
    return value


def answers(url: str) -> bool:
    """Whether somebody is there: a state file may name a process whose number another has got since."""
    try:
        get_text(url, _GLANCE_S)
    except Unreachable:
        return False
    return True


async def wait_until_ready(url: str, timeout_s: float) -> None:
    """Returns when `url` answers 2xx; Unreachable with the last error after `timeout_s` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while True:
        try:
            await asyncio.to_thread(get_text, url)
        except Unreachable:
            if loop.time() >= deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            return
