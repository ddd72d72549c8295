"""Text to resources: every object that can be read, and every problem of those that cannot."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from tulle.api.kinds import BY_TYPE, KINDS, MESH_GROUPS, Kind, honours
from tulle.api.problems import CODES, Problem
from tulle.api.reading import read_struct
from tulle.api.resource import Metadata, Resource
from tulle.foundation.yaml import Document, Path, did_you_mean, parse_documents, path_text

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a text holds."""

    resources: tuple[Resource[Any], ...]
    problems: tuple[Problem, ...]

    @property
    def broken(self) -> bool:
        """Whether something could not be read."""
        return any(problem.severity == "error" for problem in self.problems)


def load_text(text: str, file: str) -> LoadResult:
    """All resources of a multi-document YAML or JSON text."""
    documents, syntax = parse_documents(text, file)
    problems = [Problem("TUL0001", "error", file, "", item.message, item.place) for item in syntax]
    resources: list[Resource[Any]] = []
    for document in documents:
        for prefix, body in _objects(document):
            loader = _ObjectLoader(document, prefix, body)
            resource = loader.load()
            problems.extend(loader.problems)
            if resource is not None:
                resources.append(resource)
    return LoadResult(tuple(resources), tuple(problems))


def _objects(document: Document) -> Iterator[tuple[Path, Any]]:
    """The object of a document, or those of a Kubernetes List or of a ConfigMap that holds a mesh config."""
    value = document.value
    if isinstance(value, dict) and value.get("kind") == "List" and isinstance(value.get("items"), list):
        for index, item in enumerate(value["items"]):
            yield ("items", index), item
    else:
        yield (), value


class _ObjectLoader:
    """Reads one object and collects what is wrong with it."""

    def __init__(self, document: Document, prefix: Path, body: Any) -> None:
        self._document = document
        self._prefix = prefix
        self._body = _without_nulls(body)
        self._name = document.file
        self.problems: list[Problem] = []

    def _add(self, code: str, path: Path, message: str, hint: str = "") -> None:
        place = self._document.place_of((*self._prefix, *path))
        self.problems.append(Problem(code, CODES[code][0], self._name, path_text(path), message, place, hint))

    def load(self) -> Resource[Any] | None:
        """The resource; None when it is broken, or not for the mesh."""
        body = self._body
        if not isinstance(body, dict):
            self._add("TUL0002", (), "a resource is an object with apiVersion, kind and metadata")
            return None
        api_version, name = body.get("apiVersion"), body.get("kind")
        if not isinstance(api_version, str) or not isinstance(name, str):
            self._add("TUL0002", (), "apiVersion and kind must be set")
            return None
        self._name = f"{name}/{self._peek_name()}"
        kind = BY_TYPE.get((api_version, name))
        if kind is None:
            self._explain_unknown_kind(api_version, name)
            return None
        return self._load_kind(kind, api_version)

    def _peek_name(self) -> str:
        metadata = self._body.get("metadata")
        found = metadata if isinstance(metadata, dict) else {}
        return f"{found.get('namespace') or DEFAULT_NAMESPACE}/{found.get('name') or '?'}"

    def _explain_unknown_kind(self, api_version: str, name: str) -> None:
        group = api_version.rpartition("/")[0]
        known = next((kind for kind in KINDS if kind.name == name), None)
        if known is not None and known.group == group:
            self._add("TUL0002", ("apiVersion",), f"{api_version} is none of {', '.join(known.api_versions())}")
        elif group in MESH_GROUPS:
            close = did_you_mean(name, [kind.name for kind in KINDS if kind.group == group])
            hint = f"did you mean {close}?" if close else ""
            self._add("TUL0005", ("kind",), f"{name} of {group} is not supported; the object has no effect", hint)
        else:
            self._add("TUL0004", ("kind",), f"{name} is not for the mesh and is passed over")

    def _load_kind(self, kind: Kind, api_version: str) -> Resource[Any] | None:
        metadata, wrong = read_struct(Metadata, self._body.get("metadata") or {})
        for path, message in wrong:
            self._add("TUL0003", ("metadata", *path), message)
        if metadata is not None and not metadata.name and kind.name != "MeshConfig":
            self._add("TUL0003", ("metadata",), "name must be set")
        spec = self._load_spec(kind)
        for finding in kind.validate(spec) if spec is not None else ():
            self._add("TUL0101", *finding)
        self._warn_of_what_is_not_honoured(kind)
        if spec is None or metadata is None or any(item.severity == "error" for item in self.problems):
            return None
        if kind.namespaced and not metadata.namespace:
            metadata = msgspec.structs.replace(metadata, namespace=DEFAULT_NAMESPACE)
        return Resource(kind.name, api_version, metadata, spec, _below(self._document, self._prefix))

    def _load_spec(self, kind: Kind) -> Any:
        prefix: Path = () if kind.whole_body else ("spec",)
        value = self._body if kind.whole_body else (self._body.get("spec") or {})
        self._unknown_top_level(kind)
        spec, wrong = read_struct(kind.struct, value)
        for path, message in wrong:
            self._add("TUL0003", (*prefix, *path), message)
        return spec

    def _unknown_top_level(self, kind: Kind) -> None:
        if kind.whole_body:
            return
        known = ("apiVersion", "kind", "metadata", "spec", "status")
        for key in self._body:
            if key not in known:
                close = did_you_mean(key, known)
                self._add("TUL0003", (key,), "unknown field" + (f"; did you mean {close}?" if close else ""))

    def _warn_of_what_is_not_honoured(self, kind: Kind) -> None:
        reported: list[Path] = []
        for path in _fields_below(self._body.get("spec"), ("spec",)):
            if any(path[: len(above)] == above for above in reported):
                continue
            if not honours(kind, _pattern(path)):
                reported.append(path)
                self._add("TUL0102", path, "this field is not honoured yet and has no effect")


def _below(document: Document, prefix: Path) -> Document:
    """The document as if it held only the object at `prefix`."""
    if not prefix:
        return document
    size = len(prefix)
    places = {path[size:]: place for path, place in document.places.items() if path[:size] == prefix}
    return Document(document.value, document.file, document.text, places)


def _without_nulls(value: Any) -> Any:
    """The value without keys that hold null: for Kubernetes they are not set."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _pattern(path: Path) -> str:
    """`spec.http[].timeout`: a path with the numbers of its items left out."""
    text = ""
    for part in path:
        text += "[]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _fields_below(value: object, path: Path) -> Iterator[Path]:
    """The paths of all fields below `value`, those above first."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, str(key))
            if isinstance(item, (dict, list)):
                yield from _fields_below(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                yield from _fields_below(item, (*path, index))


def not_honoured(resource: Resource[Any]) -> tuple[str, ...]:
    """The paths of the fields of a resource that nothing is made of yet, for its status."""
    if resource.document is None:
        return ()
    found = load_text(resource.document.text, resource.document.file).problems
    name = f"{resource.kind}/{resource.metadata.namespace}/{resource.metadata.name}"
    return tuple(item.path for item in found if item.code == "TUL0102" and item.resource == name)
