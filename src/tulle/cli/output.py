"""How commands print: data on stdout, progress on stderr, symbols with a word, colour only where it is wanted."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click

from tulle.foundation.errors import InvalidInput, Place, TulleError

SYMBOLS = {"ok": ("✔", "[ok]"), "warning": ("‼", "[warn]"), "error": ("✘", "[error]"), "info": ("·", "[info]")}
COLOURS = {"ok": "green", "warning": "yellow", "error": "red", "info": "blue"}
NAME_COLOURS = ("cyan", "magenta", "blue", "green", "yellow", "bright_cyan", "bright_magenta", "bright_blue")
_PLAIN = {"→": "->", "│": "|", "…": "...", "·": "-", "★": "*"}
_CLEAR_LINE = "\r\x1b[2K"
_pending = False  # whether the terminal's last line is one of `waiting`


def wants_colour(stream: TextIO) -> bool:
    """NO_COLOR and FORCE_COLOR win; otherwise colour is for terminals."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def speaks_utf8(stream: TextIO) -> bool:
    """Whether the stream can carry more than ASCII."""
    return "utf" in (stream.encoding or "").lower()


def fitting(text: str, stream: TextIO) -> str:
    """`text` with arrows and bars that the stream can carry."""
    if speaks_utf8(stream):
        return text
    for fancy, plain in _PLAIN.items():
        text = text.replace(fancy, plain)
    return text.encode("ascii", "replace").decode()


def symbol(state: str, stream: TextIO | None = None) -> str:
    """The sign of a state, coloured when wanted, in ASCII when the stream's encoding has no better."""
    stream = stream or sys.stderr
    fancy, plain = SYMBOLS[state]
    text = fancy if speaks_utf8(stream) else plain
    return click.style(text, fg=COLOURS[state]) if wants_colour(stream) else text


def _waits_visibly() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _end_waiting() -> None:
    """Takes away the line of `waiting`, if there is one."""
    global _pending
    if _pending:
        _pending = False
        click.echo(_CLEAR_LINE, err=True, nl=False, color=True)


def progress(state: str, message: str) -> None:
    """One line of progress on stderr; it takes the place of what was waited for."""
    _end_waiting()
    click.echo(f"  {symbol(state)} {fitting(message, sys.stderr)}", err=True, color=True)


def show_log(name: str, line: str) -> None:
    """What a process has to say, on stderr."""
    _end_waiting()
    click.echo(f"  {name}: {fitting(line, sys.stderr)}", err=True)


def waiting(message: str) -> None:
    """Names what is waited for, on a terminal only, in a line that the next line of progress replaces."""
    global _pending
    if _waits_visibly():
        _end_waiting()
        _pending = True
        room = shutil.get_terminal_size().columns - 4
        text = fitting(f"… {message}", sys.stderr)[:room]
        click.echo(f"  {text}", err=True, nl=False, color=True)


def heading(left: str, right: str) -> None:
    """The first line of a command that stays."""
    room = min(shutil.get_terminal_size().columns, 78) - len(left) - len(right)
    bold = click.style(left, bold=True) if wants_colour(sys.stderr) else left
    click.echo(f"{bold}{' ' * max(room, 2)}{right}", err=True, color=True)


def print_prefixed(name: str, width: int, number: int, line: str) -> None:
    """A line of an application on stdout, behind the application's name in a colour of its own."""
    _end_waiting()
    prefix = fitting(f"{name:<{width}} │", sys.stdout)
    if wants_colour(sys.stdout):
        prefix = click.style(prefix, fg=NAME_COLOURS[number % len(NAME_COLOURS)])
    click.echo(f"{prefix} {fitting(line, sys.stdout)}", color=True)


def print_error(error: TulleError) -> None:
    """What went wrong, with the lines of the file around each problem, and what to do."""
    _end_waiting()
    colour = wants_colour(sys.stderr)
    label = click.style("error:", fg="red", bold=True) if colour else "error:"
    if not isinstance(error, InvalidInput):
        click.echo(f"{label} {fitting(str(error), sys.stderr)}", err=True, color=True)
    for problem in error.problems if isinstance(error, InvalidInput) else ():
        click.echo(f"{label} {fitting(str(problem), sys.stderr)}", err=True, color=True)
        if problem.place is not None and problem.place.line:
            frame = _frame(problem.place)
            click.echo("\n".join(f"  {fitting(line, sys.stderr)}" for line in frame.splitlines()), err=True)
    if error.hint:
        click.echo(f"  hint: {fitting(error.hint, sys.stderr)}", err=True)


def _frame(place: Place) -> str:
    from tulle.foundation.yaml import code_frame

    try:
        return code_frame(Path(place.file).read_text(), place)
    except (OSError, UnicodeDecodeError):
        return ""


def print_json(value: object) -> None:
    """Data for machines on stdout."""
    click.echo(json.dumps(value, indent=2, default=str))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Left-aligned columns on stdout, two spaces apart, as kubectl prints them."""
    texts = [[str(cell) for cell in row] for row in [headings, *rows]]
    widths = [max(len(row[index]) for row in texts) for index in range(len(headings))]
    for row in texts:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def counted(number: int, thing: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
