"""Answers that a route gives without a cluster (envoy.config.route.v3.DirectResponseAction)."""

import os
from pathlib import Path

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import DataSource, DirectResponseAction
from tulle.proxy.router.string_match import Problems

DEFAULT_BODY_LIMIT = 4096  # Envoy: max_direct_response_body_size_bytes


class DirectResponse:
    """Status and body; `has_location`: the answer carries the request's URL as `location`."""

    __slots__ = ("body", "has_location", "status")

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body
        self.has_location = status == 201 or 300 <= status < 400


def build_direct_response(
    proto: DirectResponseAction, body_limit: int, path: str, problems: Problems
) -> DirectResponse:
    """The answer of a DirectResponseAction; files and environment variables are read now."""
    body = b""
    if proto.HasField("body"):
        body = _read_source(proto.body, f"{path}.body", problems)
        if len(body) > body_limit:
            message = f"response body size is {len(body)} bytes; maximum is {body_limit}"
            problems.append(FieldProblem(f"{path}.body", message))
    return DirectResponse(proto.status, body)


def _read_source(source: DataSource, path: str, problems: Problems) -> bytes:
    kind = source.WhichOneof("specifier")
    if kind == "inline_string":
        return source.inline_string.encode()
    if kind == "inline_bytes":
        return source.inline_bytes
    if kind == "environment_variable":
        value = os.environ.get(source.environment_variable)
        if value is None:
            message = f"environment variable {source.environment_variable} does not exist"
            problems.append(FieldProblem(f"{path}.environment_variable", message))
        return (value or "").encode()
    try:
        return Path(source.filename).read_bytes()
    except OSError as error:
        problems.append(FieldProblem(f"{path}.filename", f"cannot read {source.filename}: {error.strerror}"))
        return b""
