"""THE LIST of commands, and the frame around them: lazy imports, exit codes, errors for people."""

import sys
from importlib import import_module

import click

from tulle.foundation.errors import TulleError, UsageError

# name → (module, attribute, one line for `--help`), in the order in which a newcomer meets them
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "demo", "Start a small mesh on this machine and see it work."),
    "up": ("up", "up", "Start the services of a tulle.yaml with a sidecar each."),
    "run": ("run", "run", "Start an application with a sidecar, in the running mesh."),
    "analyze": ("analyze", "analyze", "Check resource files before they are applied."),
    "proxy": ("proxy", "proxy", "Run the data plane from an Envoy bootstrap file."),
    "control-plane": ("control_plane", "control_plane", "Serve configuration to proxies."),
    "proxy-status": ("proxy_status", "proxy_status", "Show which proxies have which configuration."),
    "proxy-config": ("proxy_config", "proxy_config", "Show the configuration that a proxy has."),
    "version": ("version", "version", "Print the version."),
}

EXIT_CODES = """\b
Exit codes:
  0   all is well
  1   internal error
  64  the command makes no sense as written
  65  the input breaks its rules
  69  the control plane or a proxy cannot be reached
  79  the command worked and found something to mend
"""


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"tulle.cli.commands.{module}"), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from difflib import get_close_matches

            close = get_close_matches(name, COMMANDS, n=1)
            raise click.UsageError(
                f"There is no command {name!r}." + (f" Did you mean {close[0]!r}?" if close else ""), ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
def cli() -> None:
    """Tulle, a service mesh: `tulle demo` shows it."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with the code that its errors ask for."""
    try:
        result = cli.main(arguments, prog_name="tulle", standalone_mode=False)
    except click.UsageError as error:
        error.show(sys.stderr)
        code = UsageError.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        code = error.exit_code
    except click.Abort:
        code = 130
    except TulleError as error:
        from tulle.cli.output import print_error

        print_error(error)
        code = error.exit_code
    else:
        code = result if isinstance(result, int) else 0
    raise SystemExit(code)
