"""`tulle demo`."""

from click.testing import CliRunner

from tulle.cli.commands.demo import demo


def test_an_unknown_engine_is_a_usage_error_that_names_the_known_ones() -> None:
    result = CliRunner().invoke(demo, ["--engine", "nginx"])
    assert result.exit_code == 2
    assert "'tulle', 'envoy', 'mixed'" in result.output
