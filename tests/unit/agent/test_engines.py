"""The two engines."""

from pathlib import Path

import pytest

from tulle.agent.engines import ENGINES, check_choice, engine_of, envoy_binary, proxy_command
from tulle.foundation.errors import UsageError


@pytest.mark.parametrize("engine", ENGINES)
def test_both_engines_take_the_same_bootstrap_and_tell_their_admin_address(engine: str) -> None:
    arguments = list(proxy_command(engine, Path("/b.json"), Path("/admin")))
    assert arguments[arguments.index("-c") + 1] == "/b.json"
    assert arguments[arguments.index("--admin-address-path") + 1] == "/admin"


def test_many_envoys_on_one_host_do_not_restart_each_other() -> None:
    assert "--disable-hot-restart" in proxy_command("envoy", Path("/b"), Path("/a"))
    assert Path(envoy_binary()).stat().st_mode & 0o111


def test_an_unknown_engine_is_a_usage_error_that_names_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        proxy_command("nginx", Path("/b"), Path("/a"))
    assert "envoy" in caught.value.hint


def test_mixed_gives_every_second_proxy_to_each_engine() -> None:
    assert {engine_of("mixed", 0), engine_of("mixed", 1)} == set(ENGINES)
    assert engine_of("envoy", 0) == engine_of("envoy", 1) == "envoy"


def test_a_choice_that_needs_envoy_is_a_usage_error_without_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tulle.agent.engines.find_spec", lambda _: None)
    check_choice("tulle")
    with pytest.raises(UsageError) as caught:
        check_choice("mixed")
    assert "tulle[envoy]" in caught.value.hint
