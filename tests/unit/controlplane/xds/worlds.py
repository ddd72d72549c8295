"""A world of resources for conversations."""

from collections.abc import Collection

from tulle.controlplane.translate.generate import NamedResource


class World:
    """Resources by name and version."""

    def __init__(self, **versions: str) -> None:
        self.versions = versions

    def __call__(self, names: Collection[str] | None) -> tuple[NamedResource, ...]:
        return tuple(
            NamedResource(name, name.encode(), version)
            for name, version in self.versions.items()
            if names is None or name in names
        )
