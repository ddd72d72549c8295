"""Options of the test run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """--update-golden writes what the translators make as what they should make; read the difference then."""
    parser.addoption("--update-golden", action="store_true", help="Write tests/golden/cases/*/expected anew.")
