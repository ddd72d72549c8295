"""Settings."""

import pytest

from tulle.controlplane.settings import Settings, parse_address
from tulle.foundation.errors import UsageError


def test_istios_debounce_is_the_default() -> None:
    settings = Settings(("a",))
    assert (settings.quiet_s, settings.longest_s) == (0.1, 10.0)


def test_an_address_is_a_host_and_a_port() -> None:
    assert parse_address("127.0.0.1:80") == ("127.0.0.1", 80)
    assert parse_address("[::1]:0") == ("::1", 0)
    for text in ("80", ":80", "a:b", "127.0.0.1:99999"):
        with pytest.raises(UsageError, match="is not an address"):
            parse_address(text)
