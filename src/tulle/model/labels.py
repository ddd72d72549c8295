"""Labels and the selectors that pick by them."""

from collections.abc import Mapping

Labels = Mapping[str, str]


def selects(selector: Labels, labels: Labels) -> bool:
    """Whether every label of the selector stands in `labels`; an empty selector selects all."""
    return all(labels.get(key) == value for key, value in selector.items())
