"""`tulle version`."""

import json

import click


@click.command()
@click.option("-o", "--output", type=click.Choice(["short", "json"]), default="short", help="Form of the output.")
def version(output: str) -> None:
    """Print the version of Tulle, of Python, and of the Envoy API that it speaks."""
    import platform
    from importlib.metadata import version as installed

    found = {"version": installed("tulle"), "python": platform.python_version(), "envoyApi": "1.40.0"}
    if output == "json":
        click.echo(json.dumps(found))
    else:
        click.echo(f"tulle {found['version']} (Python {found['python']}, Envoy API {found['envoyApi']})")
