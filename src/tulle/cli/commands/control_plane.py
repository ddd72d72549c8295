"""`tulle control-plane`."""

import click

from tulle.foundation.logs import LEVELS


@click.command()
@click.option("--config", "configs", multiple=True, required=True, metavar="PATH", help="Resource file or folder.")
@click.option("--xds-address", default="127.0.0.1:15010", show_default=True, help="Where proxies connect.")
@click.option("--admin-address", default="127.0.0.1:15014", show_default=True, help="Where /ready and /debug are.")
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True, help="Log level.")
def control_plane(configs: tuple[str, ...], xds_address: str, admin_address: str, log_level: str) -> None:
    """Serve configuration to proxies.

    Takes Istio's resources from files, watches them, and pushes what they mean over xDS. A file that breaks
    keeps its last good version in force.
    """
    import asyncio

    from tulle.controlplane.app import run_control_plane
    from tulle.controlplane.settings import Settings
    from tulle.foundation import logs
    from tulle.foundation.component import stop_on_signals

    logs.configure(log_level)

    async def serve() -> None:
        stop = asyncio.Event()
        stop_on_signals(asyncio.get_running_loop(), stop)
        await run_control_plane(Settings(configs, xds_address, admin_address), stop)

    asyncio.run(serve())
