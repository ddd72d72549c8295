"""A configuration dump (Envoy: /config_dump?include_eds) as lists of clusters, listeners, routes and endpoints."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tulle.foundation.errors import FieldProblem, InvalidInput

Json = dict[str, object]

# kind → (list in the dump, way to the resource in one entry of it)
_LISTS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "clusters": (
        ("static_clusters", ("cluster",)),
        ("dynamic_active_clusters", ("cluster",)),
        ("dynamic_warming_clusters", ("cluster",)),
    ),
    "listeners": (
        ("static_listeners", ("listener",)),
        ("dynamic_listeners", ("active_state", "listener")),
        ("dynamic_listeners", ("warming_state", "listener")),
    ),
    "routes": (
        ("static_route_configs", ("route_config",)),
        ("dynamic_route_configs", ("route_config",)),
    ),
    "endpoints": (
        ("static_endpoint_configs", ("endpoint_config",)),
        ("dynamic_endpoint_configs", ("endpoint_config",)),
    ),
}


@dataclass(slots=True)
class Dump:
    """What a proxy has; every item is a resource in protobuf's JSON with the names of the .proto files."""

    clusters: list[Json] = field(default_factory=list)
    listeners: list[Json] = field(default_factory=list)
    routes: list[Json] = field(default_factory=list)
    endpoints: list[Json] = field(default_factory=list)


def read_dump(value: object, source: str) -> Dump:
    """The dump that `value` holds; InvalidInput when it is none."""
    sections = value.get("configs") if isinstance(value, dict) else None
    if not isinstance(sections, list):
        raise InvalidInput(
            [FieldProblem("configs", f"{source} is not a configuration dump: it has no list of this name")],
            "save one with `curl ADMIN/config_dump?include_eds`",
        )
    dump = Dump()
    for section in sections:
        if isinstance(section, dict):
            for kind, lists in _LISTS.items():
                for name, way in lists:
                    getattr(dump, kind).extend(_resources(section.get(name), way))
    return dump


def _resources(entries: object, way: tuple[str, ...]) -> Iterator[Json]:
    for entry in entries if isinstance(entries, list) else ():
        found: object = entry
        for key in way:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict):
            yield found


def objects(value: object, key: str) -> list[Json]:
    """The objects in the list below `key`; none when it is not there."""
    found = value.get(key) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def pick(value: object, *keys: str) -> object:
    """What stands below keys within keys; None when one of them is not there."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: object, *keys: str) -> str:
    """As `pick`, as text; empty when it is not there."""
    found = pick(value, *keys)
    return "" if found is None else str(found)
