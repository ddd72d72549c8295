"""Writes `protos/messages.pyi` and the stubs it needs from the descriptor set; `--check` only compares."""

import argparse
import filecmp
import re
import shutil
import sys
import tempfile
from pathlib import Path

from google.protobuf.descriptor import FileDescriptor
from grpc_tools import protoc  # type: ignore[import-untyped]

from tulle.protos.messages import MESSAGES
from tulle.protos.pool import pool

PROTOS = Path(__file__).parent.parent / "src" / "tulle" / "protos"
STUBS = "tulle.protos.stubs"
_IMPORT = re.compile(r"^(from|import) ((?:envoy|udpa|xds|validate|cel|contrib|google\.(?:api|rpc))\b)", re.MULTILINE)


def needed_files() -> set[str]:
    """The .proto files of the listed messages and all that these import, without google/protobuf."""
    found: set[str] = set()

    def visit(file: FileDescriptor) -> None:
        if file.name in found:
            return
        found.add(file.name)
        for dependency in file.dependencies:
            visit(dependency)

    for full_name in MESSAGES.values():
        visit(pool().FindMessageTypeByName(full_name).file)
    return {name for name in found if not name.startswith("google/protobuf/")}


def module_of(proto_file: str) -> str:
    """The Python module that protoc makes of a .proto file."""
    return proto_file.removesuffix(".proto").replace("/", ".").replace("-", "_") + "_pb2"


def write_stubs(into: Path) -> None:
    """One .pyi per needed file, its imports moved below `tulle.protos.stubs`."""
    stubs = into / "stubs"
    stubs.mkdir()
    binary = PROTOS / "envoy.binpb"
    arguments = ["protoc", f"--descriptor_set_in={binary}", f"--pyi_out={stubs}", *sorted(needed_files())]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc could not read the descriptor set")
    for path in stubs.rglob("*.pyi"):
        path.write_text(_IMPORT.sub(rf"\1 {STUBS}.\2", path.read_text()))
    for folder in [stubs, *[path for path in stubs.rglob("*") if path.is_dir()]]:
        (folder / "__init__.pyi").touch()


def write_messages(into: Path) -> None:
    """`messages.pyi`: each listed name, from the stub that defines it."""
    lines = []
    for name, full_name in MESSAGES.items():
        file = pool().FindMessageTypeByName(full_name).file.name
        module = module_of(file)
        prefix = "" if file.startswith("google/protobuf/") else f"{STUBS}."
        short = full_name.rpartition(".")[2]
        lines.append(f"from {prefix}{module} import {short} as {name}")
    text = '"""Made by scripts/make_stubs.py from MESSAGES in messages.py."""\n\n'
    # Names that differ from the message's own are exported only when they are listed.
    exported = "".join(f'    "{name}",\n' for name in sorted((*MESSAGES, "MESSAGES")))
    listed = f"__all__ = [\n{exported}]\n"
    (into / "messages.pyi").write_text(text + "\n".join(sorted(lines)) + f"\n\n{listed}\nMESSAGES: dict[str, str]\n")


def same(left: Path, right: Path) -> bool:
    """Whether two folders hold the same files with the same content."""
    names = {path.relative_to(left) for path in left.rglob("*.pyi")}
    if names != {path.relative_to(right) for path in right.rglob("*.pyi")}:
        return False
    return all(filecmp.cmp(left / name, right / name, shallow=False) for name in names)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 when the files in the tree are not fresh")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        write_stubs(made)
        write_messages(made)
        if options.check:
            old = (PROTOS / "messages.pyi").read_text()
            fresh = same(made / "stubs", PROTOS / "stubs") and (made / "messages.pyi").read_text() == old
            print("stubs are fresh" if fresh else "stubs are stale: run `make golden`", file=sys.stderr)
            return 0 if fresh else 1
        shutil.rmtree(PROTOS / "stubs", ignore_errors=True)
        shutil.copytree(made / "stubs", PROTOS / "stubs")
        shutil.copy(made / "messages.pyi", PROTOS / "messages.pyi")
    return 0


if __name__ == "__main__":
    sys.exit(main())
