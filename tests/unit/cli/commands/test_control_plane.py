"""`tulle control-plane`."""

from click.testing import CliRunner

from tulle.cli.commands.control_plane import control_plane


def test_without_a_source_there_is_nothing_to_serve() -> None:
    result = CliRunner().invoke(control_plane, [])
    assert result.exit_code == 2
    assert "--config" in result.output
