"""`tulle proxy-config`."""

import json
from pathlib import Path

import pytest

from tests.support.admin_pages import admin_pages
from tulle.cli.main import main

CLUSTER = {"name": "outbound|80||a", "type": "EDS"}
ROUTE = {"name": "80", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [{"match": {"prefix": "/"}}]}]}
DUMP = {
    "configs": [
        {"dynamic_active_clusters": [{"cluster": CLUSTER}]},
        {"dynamic_route_configs": [{"route_config": ROUTE}]},
    ]
}
HOSTS = [{"address": {"socket_address": {"address": "10.0.0.1", "port_value": 5}}, "health_status": {}}]
PROXY = {
    "/config_dump?include_eds": DUMP,
    "/clusters?format=json": {"cluster_statuses": [{"name": "c", "host_statuses": HOSTS}]},
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["proxy-config", *arguments])
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, captured.err


def test_a_table_and_json_of_a_proxy_by_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    with admin_pages(PROXY) as url:
        code, out, _ = run(capsys, "cluster", url)
        assert (code, out.splitlines()[0].split()) == (
            0,
            ["SERVICE", "FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION", "RULE"],
        )
        assert out.splitlines()[1].split() == ["a", "80", "-", "outbound", "EDS"]
        assert "10.0.0.1:5" in run(capsys, "endpoint", url.removeprefix("http://"))[1]
        assert json.loads(run(capsys, "route", url, "-o", "json")[1]) == [ROUTE]


def test_all_of_a_saved_dump_has_a_table_for_each_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(DUMP))
    code, out, _ = run(capsys, "all", "--file", str(file))
    assert (code, [line.split()[0] for line in out.splitlines() if line.isupper()]) == (
        0,
        ["SERVICE", "ADDRESS", "NAME", "ENDPOINT"],
    )
    assert list(json.loads(run(capsys, "all", "--file", str(file), "-o", "json")[1])) == [
        "cluster",
        "listener",
        "route",
        "endpoint",
    ]


def test_either_a_proxy_or_a_file_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "cluster")[0] == 64
    assert run(capsys, "cluster", "a", "--file", "b")[0] == 64
