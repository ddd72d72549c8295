"""`tulle run`."""

import click

from tulle.agent.engines import DEFAULT_CHOICE, ENGINES


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--service", required=True, metavar="NAME", help="The service that the application is an instance of.")
@click.option("--port", required=True, type=click.IntRange(1, 65535), help="Where the application listens.")
@click.option("--service-port", type=click.IntRange(1, 65535), help="The port that others call.  [default: --port]")
@click.option("--version", "version", default="v1", show_default=True, help="The label `version`, for subsets.")
@click.option("--namespace", default="default", show_default=True, help="The namespace of the service.")
@click.option("--protocol", type=click.Choice(["http", "http2", "grpc", "tcp"]), default="http", show_default=True)
@click.option(
    "--upstream", "upstreams", multiple=True, metavar="NAME:PORT", help="A service that it calls; repeatable."
)
@click.option("--engine", type=click.Choice(ENGINES), default=DEFAULT_CHOICE, show_default=True, help="The sidecar.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD…")
def run(command: tuple[str, ...], **given: object) -> int:
    """Start an application with a sidecar, as part of the running mesh.

    The application is started when its sidecar is ready, is registered when it listens, and taken out of the mesh
    before it ends. The exit code is the application's own.

    \b
    Examples:
      tulle run --service ratings --port 9080 --version v2 -- python3 ratings.py
      tulle run --service web --port 8000 --upstream ratings:9080 -- uvicorn web:app --port 8000
    """
    from tulle.agent.engines import check_choice
    from tulle.agent.state import find_mesh
    from tulle.cli.mesh.run_application import Wish, run_application

    check_choice(str(given["engine"]))
    return run_application(Wish(command=command, **given), find_mesh())  # type: ignore[arg-type]
