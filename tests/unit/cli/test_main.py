"""The command line's frame."""

import json
import resource
import subprocess
import sys

import pytest

from tulle.cli.main import COMMANDS, cli, main


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, captured.err


def test_help_names_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["--help"], capsys)
    assert code == 0
    assert all(name in out for name in COMMANDS)
    assert "79" in out


def test_every_listed_command_can_be_imported_and_has_a_help_text() -> None:
    context = cli.make_context("tulle", [], resilient_parsing=True)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.help


def test_a_misspelt_command_is_a_usage_error_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(["contol-plane"], capsys)
    assert (code, out) == (64, "")
    assert "Did you mean 'control-plane'?" in err


def test_version_is_data_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(["version", "-o", "json"], capsys)
    assert (code, err) == (0, "")
    assert set(json.loads(out)) == {"version", "python", "envoyApi"}


def test_help_costs_less_than_150_ms_of_cpu() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "tulle", "--help"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.15
