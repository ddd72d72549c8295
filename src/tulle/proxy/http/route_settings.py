"""Builds what HTTP filters want to know of a route, by the type of its message."""

from collections.abc import Callable, Mapping

from google.protobuf.any_pb2 import Any

from tulle.foundation.errors import FieldProblem, InvalidInput

# From the serialized message; InvalidInput with paths that begin inside it.
BuildRouteSettings = Callable[[bytes], object]


class RouteSettings:
    """Knows the types that it was given; the router builds tables with it."""

    def __init__(self, known: Mapping[str, BuildRouteSettings]) -> None:
        self._known = known

    def knows(self, type_url: str) -> bool:
        """Whether some filter takes settings of this type."""
        return type_url in self._known

    def build(self, filter_name: str, config: Any, path: str) -> object:
        """What the filter will find under its name; every problem has its path below `path`."""
        try:
            return self._known[config.type_url](config.value)
        except InvalidInput as error:
            found = [
                FieldProblem(f"{path}.{each.path}" if each.path else path, each.message) for each in error.problems
            ]
            raise InvalidInput(found) from error
