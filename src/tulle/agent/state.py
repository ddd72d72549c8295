"""What a running mesh leaves for other commands to find: a small JSON file in the user's state directory."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import msgspec

from tulle.foundation.errors import Unreachable

FOLDER_PREFIX = "tulle-"  # of the temporary folder of a mesh


class MeshState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the mesh of this machine can be reached."""

    pid: int
    xds: str  # host:port of the xDS server
    admin: str  # URL of the control plane's admin and read API
    registrations: str  # directory that the control plane watches for workloads of this machine
    page: str = ""  # URL of the page of the demo
    gateway: str = ""  # URL of the gateway


def state_home() -> Path:
    """`$XDG_STATE_HOME/tulle`, by default `~/.local/state/tulle`; `/var/lib/tulle` for root."""
    if home := os.environ.get("XDG_STATE_HOME"):
        return Path(home) / "tulle"
    if os.geteuid() == 0:
        return Path("/var/lib/tulle")
    return Path.home() / ".local" / "state" / "tulle"


def write_state(name: str, state: MeshState) -> Path:
    """Writes `NAME.json` at once or not at all; for its owner only."""
    folder = state_home()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.json"
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(msgspec.to_builtins(state), indent=2))
    fresh.chmod(0o600)
    fresh.replace(path)
    return path


def forget_dead(name: str) -> None:
    """Removes what a mesh left behind that was killed: its state, and its folder when that is one of ours."""
    path = state_home() / f"{name}.json"
    try:
        state = msgspec.json.decode(path.read_bytes(), type=MeshState)
    except (OSError, msgspec.DecodeError):
        return
    if _alive(state.pid):
        return
    path.unlink(missing_ok=True)
    folder = Path(state.registrations).parent
    if folder.name.startswith(FOLDER_PREFIX) and folder.parent == Path(tempfile.gettempdir()):
        shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def read_state(name: str) -> MeshState | None:
    """The state of a mesh whose process still lives."""
    try:
        state = msgspec.json.decode((state_home() / f"{name}.json").read_bytes(), type=MeshState)
    except (OSError, msgspec.DecodeError):
        return None
    return state if _alive(state.pid) else None


def find_mesh(names: tuple[str, ...] = ("control-plane", "up", "demo")) -> MeshState:
    """The first running mesh of this machine; Unreachable when there is none."""
    for name in names:
        state = read_state(name)
        if state is not None:
            return state
    raise Unreachable("no mesh is running on this machine", "start one with `tulle demo`")
