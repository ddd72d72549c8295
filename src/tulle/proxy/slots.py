"""A place that holds the current version of something: whoever publishes writes it, everybody else reads it."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """`value` is replaced as a whole, never changed in place; a reader that needs one version reads it once."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value
