"""Debounce, with a clock turned by hand."""

from tulle.controlplane.push.pipeline import Debounce


def test_a_push_waits_for_quiet_but_not_for_ever() -> None:
    now = 0.0
    debounce = Debounce(0.1, 1.0, lambda: now)
    assert debounce.wait_s() is None
    debounce.note()
    assert debounce.wait_s() == 0.1
    now = 0.08
    debounce.note()
    assert round(debounce.wait_s() or 0, 6) == 0.1
    for moment in (0.5, 0.9, 0.99):
        now = moment
        debounce.note()
    assert 0 < (debounce.wait_s() or 0) < 0.011
    now = 1.0
    assert debounce.wait_s() == 0.0
    assert debounce.done() == 1.0
    assert debounce.wait_s() is None
