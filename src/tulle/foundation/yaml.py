"""YAML as Kubernetes reads it, with the place of every key, all syntax errors, and limits against bombs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

import yaml as pyyaml

from tulle.foundation.errors import FieldProblem, Place

Path = tuple[str | int, ...]

MAX_DEPTH = 100
MAX_NODES = 1_000_000  # after aliases are followed
_SURROGATE = re.compile("[\ud800-\udfff]")  # a byte that was not UTF-8 (surrogateescape)
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as in YAML; str.splitlines knows more
_SEPARATOR = re.compile(r"^---(\s.*)?$", re.MULTILINE)

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
_OCTAL = re.compile(r"0o?[0-7]+$")
_HEX = re.compile(r"0x[0-9a-fA-F]+$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value and where each key and item of it stands."""

    value: object
    file: str
    text: str
    places: dict[Path, tuple[int, int]] = field(repr=False)

    def place_of(self, path: Path) -> Place:
        """The place of a path, or of its nearest ancestor that the file knows."""
        for length in range(len(path), -1, -1):
            found = self.places.get(path[:length])
            if found is not None:
                return Place(self.file, *found)
        return Place(self.file)


class _Problem(Exception):
    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def path_text(path: Path) -> str:
    """`spec.http[0].route[1].weight`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is close enough to be what was meant."""
    close = get_close_matches(word, list(candidates), n=1)
    return close[0] if close else None


def printable(text: str) -> str:
    """The text with escapes for what would steer a terminal."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()


def code_frame(text: str, place: Place, around: int = 1) -> str:
    """The lines around a place with the column marked, for the terminal; what cannot be printed is escaped."""
    lines = _BREAK.split(text.encode("utf-8", "replace").decode())
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    marked = min(place.line, len(lines))  # an error at the end of a file stands behind its last line
    first = max(1, marked - around)
    last = min(len(lines), marked + around)
    width = len(str(last))
    frame = []
    for number in range(first, last + 1):
        mark = ">" if number == marked else " "
        frame.append(f"{mark} {number:>{width}} | {printable(lines[number - 1])}")
        if number == marked and place.column:
            before = printable(lines[number - 1][: place.column - 1]).ljust(place.column - 1)
            frame.append(f"  {' ' * width} | {' ' * len(before)}^")
    return "\n".join(frame)


def parse_documents(text: str, file: str) -> tuple[list[Document], list[FieldProblem]]:
    """Every document that can be read, and a problem for each that cannot; empty documents are left out."""
    documents: list[Document] = []
    problems: list[FieldProblem] = []
    for offset, part in _split(text):
        try:
            document = _parse_one(part, offset, file, text)
        except _Problem as problem:
            problems.append(FieldProblem("", str(problem), Place(file, problem.line, problem.column)))
            continue
        if document is not None:
            documents.append(document)
    return documents, problems


def _split(text: str) -> Iterator[tuple[int, str]]:
    """(lines before it, text) of each document, cut at `---` so that a broken one does not hide the others."""
    start = 0
    for match in _SEPARATOR.finditer(text):
        yield text.count("\n", 0, start), text[start : match.start()]
        start = match.end() if not (match.group(1) or "").strip() else match.start() + 3
    yield text.count("\n", 0, start), text[start:]


def _parse_one(part: str, offset: int, file: str, text: str) -> Document | None:
    strange = _SURROGATE.search(part)
    if strange is not None:
        line, column = part.count("\n", 0, strange.start()), strange.start() - part.rfind("\n", 0, strange.start())
        raise _Problem("this is not UTF-8", line + 1 + offset, column)
    loader = pyyaml.CSafeLoader(part)
    try:
        node = loader.get_single_node()
    except pyyaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ": ".join(piece for piece in (error.context, error.problem) if piece)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _Problem(what or "this is not YAML", line + offset, column) from error
    except pyyaml.YAMLError as error:
        raise _Problem(f"this is not YAML: {error}", offset + 1, 1) from error
    finally:
        loader.dispose()
    if node is None:
        return None
    builder = _Builder(offset)
    value = builder.build(node, (), 0)
    if value is None:
        return None
    return Document(value, file, text, builder.places)


class _Builder:
    """Turns nodes into values by Kubernetes' rules and notes where they stand."""

    def __init__(self, offset: int) -> None:
        self._offset = offset
        self._count = 0
        self.places: dict[Path, tuple[int, int]] = {}

    def _mark(self, node: pyyaml.Node) -> tuple[int, int]:
        return node.start_mark.line + 1 + self._offset, node.start_mark.column + 1

    def _fail(self, node: pyyaml.Node, message: str) -> _Problem:
        return _Problem(message, *self._mark(node))

    def build(self, node: pyyaml.Node, path: Path, depth: int) -> object:
        """The value of a node; its place is noted unless its key was noted before it."""
        self._count += 1
        if self._count > MAX_NODES:
            raise self._fail(node, f"more than {MAX_NODES} values: aliases expand too far")
        if depth > MAX_DEPTH:
            raise self._fail(node, f"nested deeper than {MAX_DEPTH} levels")
        self.places.setdefault(path, self._mark(node))
        if isinstance(node, pyyaml.MappingNode):
            return self._build_mapping(node, path, depth)
        if isinstance(node, pyyaml.SequenceNode):
            return [self.build(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        text: str = node.value
        quoted = isinstance(node, pyyaml.ScalarNode) and bool(node.style)
        return text if quoted else _plain_value(text)

    def _build_mapping(self, node: pyyaml.MappingNode, path: Path, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, pyyaml.ScalarNode):
                raise self._fail(key_node, "a key must be text")
            key = key_node.value
            if key == "<<" and not key_node.style:
                merged = {**self._merge(value_node, path, depth), **merged}
                continue
            if key in found:
                raise self._fail(key_node, f"the key {key} stands here twice")
            self.places[(*path, key)] = self._mark(key_node)
            found[key] = self.build(value_node, (*path, key), depth + 1)
        return {**merged, **found} if merged else found

    def _merge(self, node: pyyaml.Node, path: Path, depth: int) -> dict[str, object]:
        nodes = node.value if isinstance(node, pyyaml.SequenceNode) else [node]
        merged: dict[str, object] = {}
        for item in nodes:
            if not isinstance(item, pyyaml.MappingNode):
                raise self._fail(item, "<< wants an object, or a list of objects")
            merged = {**self._build_mapping(item, path, depth + 1), **merged}
        return merged


def _plain_value(text: str) -> object:
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INTEGER.match(text):
        return int(text)
    if _HEX.match(text):
        return int(text, 16)
    if _OCTAL.match(text) and len(text) > 1:
        return int(text.replace("o", ""), 8)
    if _FLOAT.match(text):
        return float(text)
    return text
