"""Logging: stdlib loggers under `tulle`, lines for people or JSON for machines, always on stderr."""

import json
import logging
import sys
import time

LEVELS = ("trace", "debug", "info", "warning", "warn", "error", "critical", "off")
_OFF = logging.CRITICAL + 10


class _JsonFormatter(logging.Formatter):
    """One JSON object a line, with the keys that log stores expect."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "scope": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            entry["stack"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def level_of(name: str) -> int:
    """The number of a level by Envoy's or Python's name; `KeyError` for another word."""
    return {
        "trace": logging.DEBUG - 5,
        "debug": logging.DEBUG,
        "info": logging.INFO,
        "warn": logging.WARNING,
        "warning": logging.WARNING,
        "error": logging.ERROR,
        "critical": logging.CRITICAL,
        "off": _OFF,
    }[name.lower()]


def configure(level: str = "info", as_json: bool = False) -> None:
    """Sends what `tulle` logs from `level` on to stderr; called once, by a command."""
    handler = logging.StreamHandler(sys.stderr)
    if as_json:
        handler.setFormatter(_JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger("tulle")
    root.handlers[:] = [handler]
    root.setLevel(level_of(level))
    root.propagate = False
