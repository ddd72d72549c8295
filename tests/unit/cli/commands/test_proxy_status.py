"""`tulle proxy-status`."""

import json

import pytest

from tests.support.admin_pages import admin_pages
from tulle.agent.addresses import free_port
from tulle.cli.main import main
from tulle.controlplane.xds.status import Ledger
from tulle.controlplane.xds.subscription import Reply
from tulle.protos.messages import DiscoveryResponse
from tulle.protos.type_urls import CLUSTER


def pages() -> dict[str, object]:
    """The ledger of one proxy that took one cluster and refused another."""
    ledger = Ledger(clock=lambda: 5.0)
    status = ledger.connect(1, "sidecar~10.0.0.1~web.shop~x")
    news = frozenset({"good", "bad"})
    carried = {"good": "1", "bad": "7"}
    ledger.sent(status, Reply(CLUSTER, "1", "v", carried, news, (), True, 2, DiscoveryResponse()))
    ledger.answered(status, CLUSTER, "1", "cluster bad: no such host")
    return {
        "/debug/syncz": [status.as_dict()],
        "/debug/syncz?resources&proxyID=web": [status.as_dict(resources=True)],
        "/debug/syncz?resources&proxyID=other": [],
    }


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["proxy-status", *arguments])
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, captured.err


def test_the_overview_has_a_line_a_proxy_and_says_why_something_was_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with admin_pages(pages()) as url:
        code, out, _ = run(capsys, "--control-plane", url)
        lines = out.splitlines()
        assert (code, lines[0].split()) == (0, ["PROXY", "CDS", "EDS", "LDS", "RDS"])
        assert lines[1].split()[1:3] == ["ERROR", "NOT"]
        assert lines[2].endswith("refused CDS: cluster bad: no such host")
        assert json.loads(run(capsys, "--control-plane", url, "-o", "json")[1])[0]["CDS"]["status"] == "ERROR"


def test_a_proxy_is_shown_with_every_resource(capsys: pytest.CaptureFixture[str]) -> None:
    with admin_pages(pages()) as url:
        _, out, _ = run(capsys, "web", "--control-plane", url)
        assert [line.split() for line in out.splitlines()[1:4]] == [
            ["TYPE", "NAME", "STATUS", "SENT", "TAKEN"],
            ["CDS", "bad", "ERROR", "7", "-"],
            ["CDS", "good", "SYNCED", "1", "1"],
        ]
        assert "CDS bad was refused: cluster bad: no such host" in out
        code, _, err = run(capsys, "other", "--control-plane", url)
        assert code == 69
        assert "no connected proxy has 'other' in its name" in err


def test_a_control_plane_that_does_not_answer_exits_with_69(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "--control-plane", f"http://127.0.0.1:{free_port()}")
    assert code == 69
    assert "does not answer" in err


def test_without_a_mesh_the_error_says_so(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    code, _, err = run(capsys)
    assert code == 69
    assert "no mesh is running" in err
