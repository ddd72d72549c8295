"""Certificates and keys, from wherever a DataSource says that they are."""

import os
from pathlib import Path

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import DataSource


def read_source(source: DataSource, path: str, problems: list[FieldProblem]) -> bytes:
    """What a DataSource leads to; empty, and a problem, when that cannot be read or is empty."""
    kind = source.WhichOneof("specifier")
    data = b""
    match kind:
        case "filename":
            try:
                data = Path(source.filename).read_bytes()
            except OSError as error:
                problems.append(FieldProblem(f"{path}.filename", f"{source.filename}: {error.strerror}"))
                return b""
        case "inline_bytes":
            data = source.inline_bytes
        case "inline_string":
            data = source.inline_string.encode()
        case "environment_variable":
            name = source.environment_variable
            if name not in os.environ:
                problems.append(FieldProblem(f"{path}.environment_variable", f"{name} is not set"))
                return b""
            data = os.environ[name].encode()
    if not data:
        problems.append(FieldProblem(path, "is empty"))
    return data
