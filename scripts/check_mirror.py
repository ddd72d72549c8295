"""Checks that `tests/unit` mirrors `src/tulle` path by path, in both directions."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "tulle"
TESTS = ROOT / "tests" / "unit"
GENERATED = SOURCE / "protos" / "stubs"


def holds_code(path: Path) -> bool:
    """Whether a module has more than a docstring and a list of names."""
    body = ast.parse(path.read_text()).body
    return any(not isinstance(node, ast.Expr) for node in body)


def main() -> int:
    modules = {
        path.relative_to(SOURCE)
        for path in SOURCE.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py") and GENERATED not in path.parents and holds_code(path)
    }
    mirrors = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    wanted = {module.with_name(f"test_{module.name}"): module for module in modules}
    missing = sorted(set(wanted) - mirrors)
    orphans = sorted(mirrors - set(wanted))
    for test in missing:
        print(f"src/tulle/{wanted[test]}: wants tests/unit/{test}", file=sys.stderr)
    for test in orphans:
        print(f"tests/unit/{test}: has no module src/tulle/{test.with_name(test.name[5:])}", file=sys.stderr)
    return 1 if missing or orphans else 0


if __name__ == "__main__":
    sys.exit(main())
