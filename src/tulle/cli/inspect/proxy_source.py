"""Where the configuration of a proxy is read from: its own admin interface, a saved dump, or the control plane."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tulle.agent.state import MeshState, find_mesh
from tulle.cli.inspect.config_dump import Dump, Json, objects, read_dump
from tulle.cli.mesh.fetch import get_json
from tulle.foundation.errors import FieldProblem, InvalidInput, Place, Unreachable


@dataclass(frozen=True, slots=True)
class ProxySource:
    """A dump, and the live endpoints when a proxy was asked for them."""

    dump: Dump
    statuses: list[Json] | None
    note: str = ""  # what a person should know about where it comes from


def read_file(path: str) -> ProxySource:
    """A saved dump; InvalidInput when it cannot be read."""
    try:
        value: object = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise InvalidInput([FieldProblem("", f"cannot be read as JSON: {error}", Place(path))]) from error
    return ProxySource(read_dump(value, path), None)


def ask_admin(url: str) -> ProxySource:
    """The proxy behind an admin interface, Envoy's or Tulle's."""
    base = url.rstrip("/")
    dump = read_dump(get_json(f"{base}/config_dump?include_eds"), base)
    return ProxySource(dump, objects(get_json(f"{base}/clusters?format=json"), "cluster_statuses"))


def ask_by_name(name: str, control_plane: str = "") -> ProxySource:
    """A proxy of the running mesh: itself when it is on this machine, else what the control plane has for it."""
    state = None if control_plane else find_mesh()
    admin = _admin_of(state, name) if state else ""
    if admin:
        return ask_admin(f"http://{admin}")
    base = (control_plane or (state.admin if state else "")).rstrip("/")
    try:
        found = get_json(f"{base}/debug/config_dump?proxyID={quote(name)}")
    except Unreachable as error:
        raise Unreachable(error.message, "`tulle proxy-status` shows the names of the connected proxies") from error
    return ProxySource(read_dump(found, base), None, f"as the control plane {base} has it for {name}")


def _admin_of(state: MeshState, name: str) -> str:
    """The address that a proxy of this machine wrote down, found by its name or a part of it that only it has."""
    files = sorted(Path(state.registrations).parent.glob("proxies/*/admin"))
    exact = [file for file in files if file.parent.name == name]
    close = exact or [file for file in files if name in file.parent.name]
    return close[0].read_text().strip() if len(close) == 1 else ""
