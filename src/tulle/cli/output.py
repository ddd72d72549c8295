"""How commands print: data on stdout, progress on stderr, symbols with a word, colour only where it is wanted."""

import json
import os
import sys
from collections.abc import Sequence
from typing import TextIO

import click

SYMBOLS = {"ok": ("✔", "[ok]"), "warning": ("‼", "[warn]"), "error": ("✘", "[error]"), "info": ("·", "[info]")}
COLOURS = {"ok": "green", "warning": "yellow", "error": "red", "info": "blue"}


def wants_colour(stream: TextIO) -> bool:
    """NO_COLOR and FORCE_COLOR win; otherwise colour is for terminals."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def symbol(state: str, stream: TextIO | None = None) -> str:
    """The sign of a state, coloured when wanted, in ASCII when the stream's encoding has no better."""
    stream = stream or sys.stderr
    fancy, plain = SYMBOLS[state]
    text = fancy if "utf" in (stream.encoding or "").lower() else plain
    return click.style(text, fg=COLOURS[state]) if wants_colour(stream) else text


def progress(state: str, message: str) -> None:
    """One line of progress on stderr."""
    click.echo(f"  {symbol(state)} {message}", err=True, color=True)


def print_json(value: object) -> None:
    """Data for machines on stdout."""
    click.echo(json.dumps(value, indent=2, default=str))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Left-aligned columns on stdout, two spaces apart, as kubectl prints them."""
    texts = [[str(cell) for cell in row] for row in [headings, *rows]]
    widths = [max(len(row[index]) for row in texts) for index in range(len(headings))]
    for row in texts:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
