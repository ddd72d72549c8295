"""`tulle up`."""

import click

from tulle.agent.engines import CHOICES, DEFAULT_CHOICE


@click.command()
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--engine", type=click.Choice(CHOICES), default=DEFAULT_CHOICE, show_default=True, help="Proxies to use.")
@click.option("--dry-run", is_flag=True, help="Print the resources that tulle.yaml stands for, and start nothing.")
def up(folder: str, engine: str, dry_run: bool) -> int:
    """Start the services of a tulle.yaml with a sidecar each.

    Starts a control plane, every service of DIR/tulle.yaml behind a sidecar of its own, and a gateway. Services are
    restarted when they end. Istio resources named by `config:` take effect when they are saved.

    \b
    A service finds others by:
      REVIEWS_URL   http://… for the service reviews (REVIEWS_ADDRESS for plain TCP)
      HTTP_PROXY    so that http://reviews works with clients that honour it
      PORT          where the service itself has to listen, on 127.0.0.1

    \b
    Examples:
      tulle up examples/shop
      tulle up . --dry-run
    """
    from pathlib import Path

    from tulle.agent.engines import check_choice
    from tulle.agent.state import read_state
    from tulle.cli.mesh.fetch import answers
    from tulle.cli.mesh.session import run_session
    from tulle.cli.output import show_log
    from tulle.cli.up.mesh_file import FILE_NAME, read_mesh_file
    from tulle.cli.up.running import Upping, plan_with_free_places, render_resources
    from tulle.foundation.errors import UsageError

    path = Path(folder)
    path = path if path.is_file() else path / FILE_NAME
    mesh_file = read_mesh_file(path)
    planned = plan_with_free_places(mesh_file)
    if dry_run:
        click.echo(render_resources(mesh_file, planned), nl=False)
        return 0
    check_choice(engine)
    running = read_state("up")
    if running is not None and answers(f"{running.admin}/ready"):
        raise UsageError(f"a mesh of `tulle up` is running already (pid {running.pid})", "end it with Ctrl-C first")
    upping = Upping(mesh_file, path.parent, engine, planned)
    return run_session("up", show_log, upping.main)
