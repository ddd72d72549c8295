"""Checks that `tests/unit` mirrors `src/tulle` path by path, in both directions."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "tulle"
TESTS = ROOT / "tests" / "unit"
GENERATED = SOURCE / "protos" / "stubs"


def holds_code(path: Path) -> bool:
    """Whether a module has a function; structs and constants alone are tested by those who use them."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(ast.parse(path.read_text()))
    )


def main() -> int:
    paths = [
        path
        for path in SOURCE.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py") and GENERATED not in path.parents
    ]
    modules = {path.relative_to(SOURCE) for path in paths if holds_code(path)}
    known = {path.relative_to(SOURCE) for path in paths}
    mirrors = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    wanted = {module.with_name(f"test_{module.name}"): module for module in modules}
    missing = sorted(set(wanted) - mirrors)
    orphans = sorted(mirrors - {module.with_name(f"test_{module.name}") for module in known})
    for test in missing:
        print(f"src/tulle/{wanted[test]}: wants tests/unit/{test}", file=sys.stderr)
    for test in orphans:
        print(f"tests/unit/{test}: has no module src/tulle/{test.with_name(test.name[5:])}", file=sys.stderr)
    return 1 if missing or orphans else 0


if __name__ == "__main__":
    sys.exit(main())
