"""Where a dump comes from."""

import json
import os
from pathlib import Path

import pytest

from tests.support.admin_pages import admin_pages
from tulle.agent.state import MeshState, write_state
from tulle.cli.inspect.proxy_source import ask_admin, ask_by_name, read_file
from tulle.foundation.errors import InvalidInput, Unreachable

DUMP = {"configs": [{"static_clusters": [{"cluster": {"name": "c"}}]}]}
PROXY = {"/config_dump?include_eds": DUMP, "/clusters?format=json": {"cluster_statuses": [{"name": "c"}]}}


def test_an_admin_interface_gives_the_dump_and_the_live_endpoints() -> None:
    with admin_pages(PROXY) as url:
        source = ask_admin(f"{url}/")
    assert ([item["name"] for item in source.dump.clusters], source.statuses) == (["c"], [{"name": "c"}])


def test_a_file_gives_the_dump_only(tmp_path: Path) -> None:
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(DUMP))
    assert read_file(str(file)).statuses is None
    file.write_text("{")
    with pytest.raises(InvalidInput, match=r"dump\.json: cannot be read as JSON"):
        read_file(str(file))
    with pytest.raises(InvalidInput):
        read_file("/no/such.json")


def mesh(folder: Path, monkeypatch: pytest.MonkeyPatch, admin: str) -> None:
    """A running mesh whose control plane is at `admin`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    registrations = folder / "mesh" / "registrations"
    registrations.mkdir(parents=True)
    write_state("demo", MeshState(pid=os.getpid(), xds="", admin=admin, registrations=str(registrations)))


def test_a_proxy_of_this_machine_is_asked_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with admin_pages(PROXY) as url:
        mesh(tmp_path, monkeypatch, "http://127.0.0.1:1")
        for name in ("reviews-v1", "reviews-v1-canary"):
            folder = tmp_path / "mesh" / "proxies" / name
            folder.mkdir(parents=True)
            (folder / "admin").write_text(url.removeprefix("http://") + "\n")
        assert ask_by_name("reviews-v1").note == ""
        assert ask_by_name("canary").statuses is not None
        with pytest.raises(Unreachable):
            ask_by_name("reviews")


def test_any_other_is_shown_as_the_control_plane_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with admin_pages({"/debug/config_dump?proxyID=gw": DUMP}) as url:
        mesh(tmp_path, monkeypatch, url)
        assert ask_by_name("gw").note == f"as the control plane {url} has it for gw"
        assert ask_by_name("gw", url).statuses is None
        with pytest.raises(Unreachable) as caught:
            ask_by_name("other")
    assert "proxy-status" in caught.value.hint
