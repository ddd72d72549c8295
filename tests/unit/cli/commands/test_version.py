"""`tulle version`."""

from click.testing import CliRunner

from tulle.cli.commands.version import version


def test_the_short_form_is_one_line() -> None:
    result = CliRunner().invoke(version)
    assert result.exit_code == 0
    assert result.output.startswith("tulle ")
    assert result.output.count("\n") == 1
