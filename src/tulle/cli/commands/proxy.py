"""`tulle proxy`: the data plane from an Envoy bootstrap file."""

import time

import click

from tulle.foundation.logs import LEVELS


@click.command()
@click.option("-c", "--config-path", required=True, metavar="FILE", help="Envoy bootstrap, YAML or JSON.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=1, show_default=True, help="Worker processes.")
@click.option("--mode", type=click.Choice(["serve", "validate"]), default="serve", show_default=True)
@click.option("--drain-time-s", type=click.IntRange(0), help="How long connections may last after a stop or a removal.")
@click.option("--base-id", type=click.IntRange(0), default=0, help="Tells proxies of one host apart.")
@click.option("--log-level", "-l", type=click.Choice(LEVELS), default="info", show_default=True, metavar="LEVEL")
@click.option("--admin-address-path", metavar="FILE", help="Where to write the address of the admin server.")
@click.option("--service-node", default="", help="Overrides node.id.")
@click.option("--service-cluster", default="", help="Overrides node.cluster.")
@click.option("--disable-hot-restart", is_flag=True, hidden=True, help="Accepted, as there is no hot restart yet.")
def proxy(**given: object) -> int:
    """Run the data plane from an Envoy bootstrap file.

    \b
    Examples:
      tulle proxy -c envoy.yaml
      tulle proxy -c envoy.yaml --mode validate
    """
    began = time.monotonic()
    import gc

    # What is loaded at the start stays for ever; collecting it again and again would cost a third of the start.
    gc.disable()
    from tulle.foundation.logs import configure
    from tulle.proxy.server.options import ProxyOptions
    from tulle.proxy.start import start_proxy, validate_proxy

    configure(str(given["log_level"]))
    mode = given.pop("mode")
    given.pop("disable_hot_restart")
    options = ProxyOptions(**given)  # type: ignore[arg-type]
    if mode == "validate":
        validate_proxy(options)
        click.echo(f"configuration '{options.config_path}' OK")
        return 0
    return start_proxy(options, began)
