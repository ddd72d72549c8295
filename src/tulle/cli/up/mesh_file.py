"""`tulle.yaml`: the services of a mesh on one machine, as simple as a Procfile."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from tulle.api.reading import read_struct
from tulle.foundation.errors import FieldProblem, InvalidInput, Place
from tulle.foundation.yaml import Document, did_you_mean, parse_documents, path_text
from tulle.foundation.yaml import Path as FieldPath

FILE_NAME = "tulle.yaml"
_LABEL = 63  # characters of a DNS label (RFC 1123 § 2.1)
_HIGHEST_PORT = 65535

Protocol = Literal["http", "http2", "grpc", "tcp"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file; a field that it does not know is an error."""


class Version(_Part, frozen=True, kw_only=True):
    """A version of a service; what it does not say it has from its service."""

    run: str = ""
    env: dict[str, str] = {}
    replicas: int = 1


class Service(_Part, frozen=True, kw_only=True):
    """A service: a command that listens on $PORT, or the address of something outside of the mesh."""

    run: str = ""
    port: int = 0  # the port that other services call; 80 when it is not said
    protocol: Protocol = "http"
    upstreams: tuple[str, ...] | None = None  # the services that it calls; when it is not said, all others
    env: dict[str, str] = {}
    versions: dict[str, Version] = {}
    external: str = ""  # host:port

    @property
    def called_port(self) -> int:
        """The port that callers use."""
        return self.port or (int(self.external.rpartition(":")[2]) if self.external else 80)


class GatewayRoute(_Part, frozen=True, kw_only=True):
    """Requests for a host and below a path go to a service."""

    to: str
    host: str = "*"
    prefix: str = "/"


class Gateway(_Part, frozen=True, kw_only=True):
    """The way in: a port of this machine and where its requests go."""

    http: int = 8080
    routes: tuple[GatewayRoute, ...] = ()


class MeshSettings(_Part, frozen=True, kw_only=True):
    """What holds for the whole mesh."""

    namespace: str = "default"


class MeshFile(_Part, frozen=True, kw_only=True):
    """All of `tulle.yaml`; paths in it are relative to the folder of the file."""

    services: dict[str, Service]
    mesh: MeshSettings = MeshSettings()
    gateway: Gateway | None = None
    config: tuple[str, ...] = ()


def read_mesh_file(path: Path) -> MeshFile:
    """The file; InvalidInput with every problem and its place."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is not UTF-8"
        hint = "examples/shop of Tulle's repository shows one; docs/howto/run-a-mesh.md describes it"
        raise InvalidInput([FieldProblem("", f"cannot be read: {reason}", Place(str(path)))], hint) from error
    documents, problems = parse_documents(text, str(path))
    if problems:
        raise InvalidInput(problems)
    if len(documents) != 1:
        raise InvalidInput([FieldProblem("", f"wants one document, and has {len(documents)}", Place(str(path), 1, 1))])
    return _read_document(documents[0])


def _read_document(document: Document) -> MeshFile:
    value = _with_text_values(document.value)
    mesh_file, found = read_struct(MeshFile, value)
    if mesh_file is not None:
        found = list(contradictions(mesh_file))
    if mesh_file is None or found:
        raise InvalidInput([FieldProblem(path_text(path), text, document.place_of(path)) for path, text in found])
    return mesh_file


def _with_text_values(value: object, inside_env: bool = False) -> object:
    """Numbers and truths in `env` as text, as a shell would take them."""
    if isinstance(value, dict):
        return {str(key): _with_text_values(item, inside_env or key == "env") for key, item in value.items()}
    if isinstance(value, list):
        return [_with_text_values(item) for item in value]
    if inside_env and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def contradictions(mesh_file: MeshFile) -> Iterator[tuple[FieldPath, str]]:
    """What the types cannot say: (path, message) for each rule that is broken."""
    names = mesh_file.services
    if not _is_label(mesh_file.mesh.namespace):
        yield ("mesh", "namespace"), "is made of lower-case letters, digits and dashes, and starts with a letter"
    for name, service in names.items():
        where = ("services", name)
        if not _is_label(name):
            yield where, "a name has only lower-case letters, digits and dashes, 63 at most, and starts with a letter"
        yield from _service_problems(where, service)
        for index, upstream in enumerate(service.upstreams or ()):
            if upstream not in names:
                yield (*where, "upstreams", index), f"{upstream} is no service of this file{_hint(upstream, names)}"
    if mesh_file.gateway is not None:
        yield from _gateway_problems(mesh_file.gateway, names)


def _gateway_problems(gateway: Gateway, names: dict[str, Service]) -> Iterator[tuple[FieldPath, str]]:
    if not 0 < gateway.http <= _HIGHEST_PORT:
        yield ("gateway", "http"), "wants a port between 1 and 65535"
    for index, route in enumerate(gateway.routes):
        target = names.get(route.to)
        if target is None:
            yield ("gateway", "routes", index, "to"), f"{route.to} is no service of this file{_hint(route.to, names)}"
        elif target.protocol == "tcp":
            yield ("gateway", "routes", index, "to"), f"{route.to} speaks tcp, and the gateway takes http only"


def _service_problems(where: FieldPath, service: Service) -> Iterator[tuple[FieldPath, str]]:
    if not 0 <= service.port <= _HIGHEST_PORT:
        yield (*where, "port"), "wants a port between 1 and 65535"
    if service.external:
        port = service.external.rpartition(":")[2]
        if service.run or service.versions:
            yield (*where, "external"), "stands for something that runs elsewhere; remove run and versions"
        if not service.external.rpartition(":")[0] or not port.isdigit() or not 0 < int(port) <= _HIGHEST_PORT:
            yield (*where, "external"), "wants host:port"
        return
    if not service.run and not (service.versions and all(item.run for item in service.versions.values())):
        yield where, "has nothing to run: set run, or external"
    for name, version in service.versions.items():
        if version.replicas < 0:
            yield (*where, "versions", name, "replicas"), "wants 0 or more"
        if not name or not all(letter.isalnum() or letter in "-_." for letter in name):
            yield (*where, "versions", name), "a version is a label: letters, digits, dashes, underscores and dots"


def _is_label(name: str) -> bool:
    return (
        0 < len(name) <= _LABEL
        and name.isascii()
        and name[0].isalpha()
        and name[-1] != "-"
        and all(letter.isdigit() or letter == "-" or letter.islower() for letter in name)
    )


def _hint(word: str, names: dict[str, Service]) -> str:
    close = did_you_mean(word, names)
    return f"; did you mean {close}?" if close else ""


def configured_paths(mesh_file: MeshFile, folder: Path) -> list[str]:
    """The files and folders that `config` names now."""
    found: list[str] = []
    for pattern in mesh_file.config:
        relative = pattern.removeprefix("./")
        if any(letter in relative for letter in "*?["):
            found += [str(path) for path in sorted(folder.glob(relative))]
        elif (folder / relative).exists():
            found.append(str(folder / relative))
    return found


def missing_paths(mesh_file: MeshFile, folder: Path) -> list[str]:
    """The entries of `config` that name nothing at all."""
    return [
        pattern
        for pattern in mesh_file.config
        if not configured_paths(msgspec.structs.replace(mesh_file, config=(pattern,)), folder)
    ]
