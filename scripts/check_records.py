"""Checks that no two installed distributions own the same file: the later install would overwrite the earlier."""

import sys
from collections import defaultdict
from importlib.metadata import distributions


def main() -> int:
    owners: dict[str, set[str]] = defaultdict(set)
    for distribution in distributions():
        for file in distribution.files or ():
            if "__pycache__" not in file.parts:
                owners[str(distribution.locate_file(file))].add(distribution.metadata["Name"])
    shared = {file: names for file, names in owners.items() if len(names) > 1}
    for shared_file, names in sorted(shared.items()):
        print(f"{shared_file}: owned by {', '.join(sorted(names))}", file=sys.stderr)
    return 1 if shared else 0


if __name__ == "__main__":
    sys.exit(main())
