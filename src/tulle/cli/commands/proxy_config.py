"""`tulle proxy-config`."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tulle.cli.inspect.proxy_source import ProxySource

KINDS = ("cluster", "listener", "route", "endpoint", "all")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("proxy", required=False, metavar="[PROXY|ADMIN_URL]")
@click.option("--file", "path", metavar="FILE", help="Read a saved /config_dump instead of asking a proxy.")
@click.option("--control-plane", "url", default="", metavar="URL", help="Admin of the control plane. [default: found]")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", help="Form of the output.")
def proxy_config(kind: str, proxy: str | None, path: str | None, url: str, output: str) -> None:
    """Show the configuration that a proxy has.

    PROXY is a name of the running mesh, or a part of it; ADMIN_URL is the admin interface of any Envoy or Tulle proxy.

    \b
    Examples:
      tulle proxy-config route productpage-v1
      tulle proxy-config cluster http://127.0.0.1:15000 -o json
      tulle proxy-config all --file dump.json
    """
    from tulle.cli.inspect.proxy_source import ask_admin, ask_by_name, read_file
    from tulle.cli.output import print_json
    from tulle.foundation.errors import UsageError

    if (proxy is None) == (path is None):
        raise UsageError("wants a proxy or --file, and one of them only", "tulle proxy-status lists the proxies")
    if path is not None:
        source = read_file(path)
    elif proxy is not None and (proxy.startswith(("http://", "https://")) or _is_address(proxy)):
        source = ask_admin(proxy if "://" in proxy else f"http://{proxy}")
    else:
        source = ask_by_name(proxy or "", url)
    if source.note:
        click.echo(source.note, err=True)
    if output == "json":
        print_json(_as_data(kind, source))
    else:
        _print_tables(kind, source)


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdigit()


def _as_data(kind: str, source: "ProxySource") -> object:
    dump = source.dump
    endpoints = dump.endpoints if source.statuses is None else source.statuses
    found = {"cluster": dump.clusters, "listener": dump.listeners, "route": dump.routes, "endpoint": endpoints}
    return found if kind == "all" else found[kind]


def _print_tables(kind: str, source: "ProxySource") -> None:
    from tulle.cli.inspect import tables
    from tulle.cli.output import print_table

    dump = source.dump
    endpoints = (tables.ASSIGNMENTS, dump.endpoints) if source.statuses is None else (tables.ENDPOINTS, source.statuses)
    shown = {
        "cluster": (tables.CLUSTERS, dump.clusters),
        "listener": (tables.LISTENERS, dump.listeners),
        "route": (tables.ROUTES, dump.routes),
        "endpoint": endpoints,
    }
    for number, name in enumerate(shown if kind == "all" else (kind,)):
        table, resources = shown[name]
        if number:
            click.echo()
        print_table(table.headings, table.lines(resources))
