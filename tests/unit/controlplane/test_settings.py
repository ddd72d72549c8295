"""Settings."""

from tulle.controlplane.settings import Settings


def test_istios_debounce_is_the_default() -> None:
    settings = Settings(("a",))
    assert (settings.quiet_s, settings.longest_s) == (0.1, 10.0)
