"""A world of resources for conversations."""

from collections.abc import Collection

from hypothesis import strategies as st

from tulle.controlplane.translate.generate import NamedResource

# Some states of a world, one after the other: name → version.
WORLDS = st.lists(st.dictionaries(st.sampled_from("abcde"), st.sampled_from("123")), min_size=1, max_size=8)


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
