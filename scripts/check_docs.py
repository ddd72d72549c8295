"""Checks the documentation: relative links lead somewhere, and commands and make targets that it names exist."""

import re
import sys
from pathlib import Path

from tulle.cli.main import COMMANDS

ROOT = Path(__file__).parent.parent
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_COMMAND = re.compile(r"`tulle ([a-z][a-z-]+)")
_TARGET = re.compile(r"`make ([a-z]+)`")


def problems_of(page: Path, targets: set[str]) -> list[str]:
    """What is wrong on one page, as `file:line: what`."""
    found = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        where = f"{page.relative_to(ROOT)}:{number}"
        for link in _LINK.findall(line):
            if "://" not in link and not (page.parent / link).exists():
                found.append(f"{where}: {link} leads nowhere")
        found += [f"{where}: there is no command {name}" for name in _COMMAND.findall(line) if name not in COMMANDS]
        found += [f"{where}: there is no target {name}" for name in _TARGET.findall(line) if name not in targets]
    return found


def main() -> int:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").rglob("*.md")]
    found = [problem for page in sorted(pages) for problem in problems_of(page, targets)]
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(pages)} pages checked", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
