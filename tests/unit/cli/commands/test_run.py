"""`tulle run`."""

import pytest

from tulle.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        main(["run", *arguments])
    return int(caught.value.code or 0), capsys.readouterr().err


def test_without_a_mesh_it_exits_with_69_and_says_how_to_start_one(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    code, err = run(capsys, "--service", "a", "--port", "80", "--", "true")
    assert code == 69
    assert "tulle demo" in err


def test_a_command_line_without_a_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--service", "a", "--port", "80")[0] == 64
    assert run(capsys, "--service", "a", "--port", "0", "--", "true")[0] == 64


def test_a_misspelt_option_is_no_part_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = run(capsys, "--servce", "a", "--port", "80", "--", "true")
    assert code == 64
    assert "--servce" in err


def test_options_of_the_command_are_its_own_with_and_without_dashes(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run(capsys, "--service", "a", "--port", "80", "sh", "--engine", "x")[0] == 69
    assert run(capsys, "--service", "a", "--port", "80", "--", "sh", "--engine", "x")[0] == 69
