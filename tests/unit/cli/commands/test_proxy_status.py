"""`tulle proxy-status`."""

import pytest

from tulle.agent.addresses import free_port
from tulle.cli.main import main


def test_a_control_plane_that_does_not_answer_exits_with_69(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["proxy-status", "--control-plane", f"http://127.0.0.1:{free_port()}"])
    assert caught.value.code == 69
    assert "does not answer" in capsys.readouterr().err


def test_without_a_mesh_the_error_says_so(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(SystemExit) as caught:
        main(["proxy-status"])
    assert caught.value.code == 69
    assert "no mesh is running" in capsys.readouterr().err
