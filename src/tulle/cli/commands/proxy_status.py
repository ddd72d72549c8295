"""`tulle proxy-status`."""

import click

TYPES = ("CDS", "EDS", "LDS", "RDS")


@click.command()
@click.option("--control-plane", "url", default="", metavar="URL", help="Admin of the control plane. [default: found]")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", help="Form of the output.")
def proxy_status(url: str, output: str) -> None:
    """Show which proxies have which configuration.

    SYNCED: the proxy took the last that it was sent. STALE: it has not answered yet. ERROR: it refused it, and why.
    """
    from tulle.agent.state import find_mesh
    from tulle.cli.mesh.fetch import get_json
    from tulle.cli.output import print_json, print_table

    found = get_json(f"{(url or find_mesh().admin).rstrip('/')}/debug/syncz")
    proxies = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    if output == "json":
        print_json(proxies)
        return
    rows = [[item["proxy"], *(item[kind]["status"] for kind in TYPES)] for item in proxies]
    print_table(["PROXY", *TYPES], rows)
    for item in proxies:
        for kind in TYPES:
            if item[kind]["error"]:
                click.echo(f"{item['proxy']} refused {kind}: {item[kind]['error']}")
