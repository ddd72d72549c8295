"""Reviews; with $STARS they carry ratings of that colour."""

import os
from collections.abc import Mapping

from service import call, serve

VERSION = os.environ["TULLE_VERSION"]
STARS = os.environ.get("STARS", "")


def answer(path: str, headers: Mapping[str, str]) -> dict[str, object]:
    """Two opinions, and the ratings through the HTTP proxy port of the sidecar, by the plain name of the service."""
    found: dict[str, object] = {"version": VERSION, "reviews": ["Extremely entertaining.", "Absolutely fun."]}
    if STARS:
        status, ratings = call("http://ratings:9080/ratings/0", headers)
        found["stars"] = {"colour": STARS, "status": status, **ratings}
    return found


serve(answer)
