"""The two engines."""

from pathlib import Path

import pytest

from tulle.agent.engines import ENGINES, envoy_binary, proxy_command
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
