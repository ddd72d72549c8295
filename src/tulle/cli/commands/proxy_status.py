"""`tulle proxy-status`."""

import click

TYPES = ("CDS", "EDS", "LDS", "RDS")


@click.command()
@click.argument("proxy", required=False)
@click.option("--control-plane", "url", default="", metavar="URL", help="Admin of the control plane. [default: found]")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", help="Form of the output.")
def proxy_status(proxy: str | None, url: str, output: str) -> None:
    """Show which proxies have which configuration.

    SYNCED: the proxy took the last that it was sent. STALE: it has not answered yet. ERROR: it refused it, and why.
    PROXY, a name or a part of one, shows every resource that the proxies with this name were sent and took.
    """
    from urllib.parse import quote

    from tulle.agent.state import find_mesh
    from tulle.cli.mesh.fetch import get_json
    from tulle.cli.output import print_json
    from tulle.foundation.errors import Unreachable

    base = (url or find_mesh().admin).rstrip("/")
    query = f"?resources&proxyID={quote(proxy)}" if proxy else ""
    found = get_json(f"{base}/debug/syncz{query}")
    proxies = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    if proxy and not proxies:
        raise Unreachable(f"no connected proxy has {proxy!r} in its name", "`tulle proxy-status` lists them")
    if output == "json":
        print_json(proxies)
    elif proxy:
        for item in proxies:
            _print_resources(item)
    else:
        _print_overview(proxies)


def _print_overview(proxies: list[dict[str, dict[str, str]]]) -> None:
    from tulle.cli.output import print_table

    print_table(["PROXY", *TYPES], [[item["proxy"], *(item[kind]["status"] for kind in TYPES)] for item in proxies])
    for item in proxies:
        for kind in TYPES:
            if item[kind]["error"]:
                click.echo(f"{item['proxy']} refused {kind}: {item[kind]['error']}")


def _print_resources(item: dict[str, dict[str, dict[str, dict[str, str]]]]) -> None:
    from tulle.cli.output import print_table

    click.echo(item["proxy"])
    rows = [
        (kind, name, found["status"], found["sent"], found["taken"] or "-")
        for kind in TYPES
        for name, found in item[kind]["by_name"].items()
    ]
    print_table(["TYPE", "NAME", "STATUS", "SENT", "TAKEN"], rows)
    for kind in TYPES:
        for name, found in item[kind]["by_name"].items():
            if found["error"]:
                click.echo(f"{kind} {name} was refused: {found['error']}")
