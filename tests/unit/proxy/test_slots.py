"""Slots."""

from tulle.proxy.slots import Slot


def test_a_reader_that_took_the_value_keeps_its_version_after_a_change() -> None:
    slot = Slot((1,))
    seen = slot.value
    slot.value = (2,)
    assert (seen, slot.value) == ((1,), (2,))
