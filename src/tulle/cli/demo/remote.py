"""The buttons of a running demo, from another command."""

import json
import urllib.error
import urllib.request
from urllib.parse import quote

from tulle.agent.state import read_state
from tulle.cli.output import progress
from tulle.foundation.errors import Unreachable, UsageError

_PATIENCE_S = 20.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def press(lesson: str) -> int:
    """Applies a lesson in the running demo; `next` and `back` count from the one that is on."""
    state = read_state("demo")
    if state is None or not state.page:
        raise Unreachable("no demo is running on this machine", "start it with `tulle demo`")
    url = f"{state.page}/api/lesson/{quote(lesson)}"
    request = urllib.request.Request(url, b"", {"x-tulle-demo": "1"}, method="POST")
    try:
        with _OPENER.open(request, timeout=_PATIENCE_S) as response:
            found = json.load(response)
    except urllib.error.HTTPError as error:
        message, hint = _words_of(error)
        raise UsageError(message, hint) from error
    except (OSError, ValueError) as error:
        raise Unreachable(f"{state.page} does not answer: {error}") from error
    progress(found["state"], f"{found['title']}: {found['words']}")
    return 1 if found["state"] == "error" else 0


def _words_of(error: urllib.error.HTTPError) -> tuple[str, str]:
    """What the page says against a button, and what to do instead."""
    try:
        found = json.loads(error.read())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return str(error), ""
    return str(found.get("error", error)), str(found.get("hint", ""))
