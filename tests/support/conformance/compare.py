"""Where two observations differ."""

from typing import Any

_ABSENT = "(absent)"


def differences(expected: Any, observed: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Each place with what was expected and what was observed there."""
    if isinstance(expected, dict) and isinstance(observed, dict):
        found = []
        for key in [*expected, *(key for key in observed if key not in expected)]:
            inner = f"{path}.{key}" if path else str(key)
            found += differences(expected.get(key, _ABSENT), observed.get(key, _ABSENT), inner)
        return found
    if isinstance(expected, list) and isinstance(observed, list) and len(expected) == len(observed):
        found = []
        for index, (left, right) in enumerate(zip(expected, observed, strict=True)):
            found += differences(left, right, f"{path}[{index}]")
        return found
    return [] if expected == observed else [(path, expected, observed)]


def explain(engine: str, found: list[tuple[str, Any, Any]]) -> str:
    """The differences as lines of text."""
    lines = [f"{engine}: {path}: wanted {wanted!r}, got {got!r}" for path, wanted, got in found]
    return "\n".join(lines)


def without_known(
    found: list[tuple[str, Any, Any]], known: dict[str, str]
) -> tuple[list[tuple[str, Any, Any]], list[str]]:
    """The differences that nobody knows of, and the known ones that were not met."""
    left = [each for each in found if not any(_is_at(each[0], place) for place in known)]
    unused = [place for place in known if not any(_is_at(path, place) for path, _, _ in found)]
    return left, unused


def _is_at(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))
