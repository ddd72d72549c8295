"""The tree of exceptions.

TulleError                 what went wrong, where, and what to do; `exit_code` for the command line
├── InternalError          1   a bug in Tulle
├── UsageError             64  a command that makes no sense
├── InvalidInput           65  files or messages that break the rules; holds all problems, never only the first
├── Unreachable            69  a peer that does not answer
└── FindingsFound          79  the command worked and found something to mend
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text file; line and column count from 1, and 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field; `path` reads like `spec.http[0].route[1].weight`."""

    path: str
    message: str
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        path = f"{self.path}: " if self.path else ""
        return f"{where}{path}{self.message}"


class TulleError(Exception):
    """What went wrong, in words for the person who can mend it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InternalError(TulleError):
    """A bug in Tulle."""


class UsageError(TulleError):
    """A command, or a combination of options, that makes no sense."""

    exit_code = 64


class InvalidInput(TulleError):
    """Input that breaks its rules; `problems` holds all of them."""

    exit_code = 65

    def __init__(self, problems: Sequence[FieldProblem], hint: str = "") -> None:
        super().__init__("\n".join(str(problem) for problem in problems), hint)
        self.problems = tuple(problems)


class Unreachable(TulleError):
    """A peer that does not answer."""

    exit_code = 69


class FindingsFound(TulleError):
    """The command worked, and found something to mend."""

    exit_code = 79
