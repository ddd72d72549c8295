"""Log lines."""

import json
import logging

import pytest

from tulle.foundation import logs


def test_json_lines_can_be_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", as_json=True)
    logging.getLogger("tulle.test").info("hello %s", "you")
    logging.getLogger("tulle.test").debug("unseen")
    entry = json.loads(capsys.readouterr().err)
    assert (entry["msg"], entry["level"], entry["scope"]) == ("hello you", "info", "tulle.test")


def test_envoys_level_names_are_known() -> None:
    assert logs.level_of("warn") == logs.level_of("warning") == logging.WARNING
    assert logs.level_of("off") > logging.CRITICAL
    assert all(logs.level_of(name) for name in logs.LEVELS)
