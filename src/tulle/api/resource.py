"""An object as it was written: its kind, its metadata, its spec, and where it stands."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from tulle.foundation.errors import Place
from tulle.foundation.yaml import Document, Path

SpecT_co = TypeVar("SpecT_co", covariant=True)


class Metadata(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Kubernetes ObjectMeta, as far as Tulle reads it."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str | None = None


@dataclass(frozen=True, slots=True)
class Resource(Generic[SpecT_co]):
    """One object; two are equal when kind, metadata and spec are."""

    kind: str
    api_version: str
    metadata: Metadata
    spec: SpecT_co
    document: Document | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> str:
        """`Kind/namespace/name`, unique among all objects."""
        return f"{self.kind}/{self.metadata.namespace}/{self.metadata.name}"

    @property
    def file(self) -> str:
        """The file that it came from; empty for objects from memory."""
        return self.document.file if self.document else ""

    def place_of(self, path: Path) -> Place | None:
        """Where a field (`("spec", "http", 0)`) stands."""
        return self.document.place_of(path) if self.document else None
