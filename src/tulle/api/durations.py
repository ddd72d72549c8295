"""Durations as Istio writes them: `1.5s`, `100ms`, `1h30m`."""

import re
from datetime import timedelta

_WHOLE = re.compile(r"^(\d+(\.\d+)?(h|ms|us|ns|m|s))+$")
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def parse_duration(text: str) -> timedelta | None:
    """The duration, or None when the text is none."""
    if text == "0":
        return timedelta()
    if not _WHOLE.match(text):
        return None
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))
